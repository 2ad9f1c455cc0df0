/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_COMPLAIN_H
#define CLIENTS_MUSTER_COMPLAIN_H

/*
 * What goes wrong, told to a person on standard error: first what became of the work, then what to do. The exit code
 * is the result, so a command ends with `return complain(EXIT_CODE_USAGE, "...")`.
 */

/* Prints "muster: " and the text, wrapped at 80 columns (line ends in it are kept), control characters replaced. Returns code. */
int complain(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line of advice on standard error, without "muster: ". */
void advise(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory is out: exit code 70. */
int complain_memory(void);

/* Reading or writing path failed as errno says: exit code 74 (69 never). what: "write", "read". */
int complain_file(const char *what, const char *path);

#endif
