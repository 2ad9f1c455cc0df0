/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_PATIENCE_H
#define TESTS_UNIT_PATIENCE_H

/*
 * How long a test waits. Its figures are those of an idle machine and a plain build; each is multiplied by TEST_PATIENCE from the environment
 * (1 to 100), and by 3 in a build with the address sanitizer. So a test that a checker slows down is not cut off, and an unslowed one that hangs is.
 */
int patience(int amount);

#endif
