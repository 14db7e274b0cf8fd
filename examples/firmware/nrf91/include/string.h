/* What tinyrlibc's snprintf.c needs of it: no C library is installed for the chip. */
#include <stddef.h>

size_t strlen(const char *text);
