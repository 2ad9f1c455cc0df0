/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_PACK_H
#define BROKER_DESK_PACK_H

#include "broker/desk/noun.h"

/*
 * A market packed from the state: what the matching core is given, and what a proposal keeps.
 *
 * In it are the demands and offers of the lots to be planned whose parties are confirmed and which were not withdrawn; all
 * commitments of those lots, with their demands and offers even where these have left (cut to what is committed); and all
 * commitments, of whatever lot, of every fund with a balance that a demand draws on. A fund's balance is less what bundles hold
 * of it. Amounts stay in their own currencies but for such a balance, which is then in the base currency. The exchange's own policy
 * keys are left out, and as_of is put in.
 */

struct pack_lot {
    const char *item;
    const Muster__Variant *variant; /* rules and parties or objects left out; NULL: none */
};

struct pack_order {
    const struct pack_lot *lots;
    size_t lot_count;
    uint32_t as_of;        /* YYYYMMDD */
    bool without_sealed;   /* leave sealed demands out but for what is committed */
    uint64_t but_hold_of;  /* a bundle whose own hold does not count; 0: none */
};

struct pack {
    Muster__Market *market;
    /* The versions of its demands, offers, funds and suppliers, each in the market's order, then rates and policy. */
    Muster__InputVersion **inputs;
    size_t n_inputs;
    uint8_t inputs_sha256[32]; /* of all that matters to a plan: the day counts only by its month and by what it lets expire */
    bool sealed;               /* a sealed demand is in it */
};

/* Packs the market of an order. Everything lies in arena. STATUS_OK or a failure of storage or memory. */
int pack_market(struct store_txn *txn, const struct pack_order *order, struct arena *arena, struct pack *pack);

/* Cuts a packed market to one lot and what its plan needs; the other lots' demands are left with what is committed. */
int pack_cut(const struct pack *whole, const char *item, struct arena *arena, struct pack *cut);

/*
 * The market of a re-plan: one that was packed before (first, of one lot, with the versions of its inputs), less the demands and
 * offers of the parties that left but for what is committed. Its funds have what is free in them now beside the bundle's own hold, and all
 * their commitments. Names of what was left out go to out (sorted bytewise).
 */
struct pack_again {
    const Muster__Market *first;
    Muster__InputVersion *const *inputs;
    size_t n_inputs;
    const char *item;
    char *const *left;
    size_t n_left;
    uint64_t bundle;
    uint32_t as_of;
};
int pack_market_again(struct store_txn *txn, const struct pack_again *again, struct arena *arena, struct pack *pack, char ***out, size_t *n_out);

/* Packed bytes of a market and their SHA-256. */
int pack_bytes(const Muster__Market *market, struct arena *arena, ProtobufCBinaryData *bytes, uint8_t sha256[32]);

/* Whether an item has a demand in the market. */
bool pack_has_lot(const Muster__Market *market, const char *item);

#endif
