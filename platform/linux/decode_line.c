/* One line of JSON, in a buffer that grows to the longest. */
#include "decode_priv.h"

#include <stdlib.h>

bool vn__decode_line(vn__decode_output_t *output, vn__decode_render_fn render, const void *subject,
                     vn__decode_problem_t *problem) {
  for (;;) {
    vn_json_writer_t writer;
    vn_json_writer_init(&writer, output->buffer, output->capacity);
    if (!render(subject, &writer, problem)) {
      return false;
    }
    if (!writer.overflow) {
      fwrite(output->buffer, 1, writer.length, output->file);
      fputc('\n', output->file);
      return true;
    }
    char *buffer = realloc(output->buffer, 2 * writer.length);
    if (buffer == NULL) {
      return vn__decode_fail(problem, "no memory for the line", 0);
    }
    output->buffer = buffer;
    output->capacity = 2 * writer.length;
  }
}
