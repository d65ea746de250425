/* The alert messages that docs/messages.md shows. */
#ifndef ALERT_EXAMPLES_H
#define ALERT_EXAMPLES_H

#include <stddef.h>

/* A message, with the name of its example in front: "example-alert". */
typedef void (*alert_example_fn)(const char *word, const char *text, size_t length);
void alert_examples(alert_example_fn print);

#endif
