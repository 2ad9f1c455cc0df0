/* SPDX-License-Identifier: EUPL-1.2 */
#include <locale.h>
#include <signal.h>

#include "clients/muster/command.h"

/* muster: what agencies, suppliers and coordinators run. */
int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    /* A reader that has seen enough ends us quietly. */
    signal(SIGPIPE, SIG_DFL);
    return command_main(argc, argv);
}
