/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_CONFIG_H
#define BROKER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * musterd.conf: what an operator may set. Every key has a default (config.def); an unknown section or key, a key that
 * stands twice and a value outside its range are errors, named with their line. Paths are relative to the file's folder.
 * Each process of the daemon reads the file itself before it confines itself.
 */

#define CONFIG_TEXT_MOST 1024u /* bytes of a value, with its NUL: the longest path is 4,096, a line of inih 200 */

struct config {
#define CONFIG_TEXT(section, key, field, standard) char field[CONFIG_TEXT_MOST];
#define CONFIG_NUMBER(section, key, field, standard, least, most) uint32_t field;
#include "broker/config.def"
#undef CONFIG_TEXT
#undef CONFIG_NUMBER
};

/* Every key at its default; paths relative to the working directory. */
void config_default(struct config *config);

/*
 * Reads the file at path. On failure the reason, one sentence with file and line, is in problem (size bytes).
 * STATUS_OK, STATUS_NOT_FOUND (no such file, or not readable), STATUS_INVALID.
 */
int config_read(const char *path, struct config *config, char *problem, size_t size);

/* The same from a text; folder stands before relative paths. */
int config_parse(const char *text, const char *folder, struct config *config, char *problem, size_t size);

/* The path of a file in the exchange's folder, into buffer of CONFIG_TEXT_MOST bytes: "DIRECTORY/name".
 * STATUS_TOO_LARGE where it does not fit. */
int config_path(const struct config *config, const char *name, char *buffer);

/* Whether a clock from a file was asked for, and may be. Its path is config->clock + 5. */
bool config_has_test_clock(const struct config *config);

#endif
