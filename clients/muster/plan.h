/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_PLAN_H
#define CLIENTS_MUSTER_PLAN_H

/*
 * muster plan FOLDER: plans a scenario folder without any broker. Reads it, plans, verifies the plan against the scenario and prints it:
 * a table for a person, tabs in a pipe, with --json exactly the model's JSON. Nothing is written but what --export-lp names.
 */

/* argv[0] is the word "plan". Returns the exit code (enum exit_code). Uses signals (SIGINT) while it plans. */
int muster_plan(int argc, char **argv);

#endif
