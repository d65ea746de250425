#include "hostile_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE VN_SOURCE_DIR "/tests/data/hostile/messages.txt"

static void fail(unsigned line, const char *what) {
  fprintf(stderr, "%s:%u: %s\n", TABLE, line, what);
  exit(2);
}

static int hex_digit(char c) {
  const char *digits = "0123456789abcdef";
  const char *at = c != 0 ? strchr(digits, c) : NULL;
  return at != NULL ? (int)(at - digits) : -1;
}

/* The byte that two digits stand for, or -1. */
static int hex_byte(const char *text) {
  int high = hex_digit(text[0]);
  int low = high < 0 ? -1 : hex_digit(text[1]);
  return low < 0 ? -1 : high * 16 + low;
}

/* "c0*1000 01": the number of bytes, or -1. */
static long hex_bytes(const char *text, uint8_t *out, size_t capacity) {
  size_t length = 0;
  size_t start = 0; /* of the token: what a * repeats */
  while (*text != 0) {
    if (*text == ' ') {
      start = length;
      text++;
    } else if (*text == '*') {
      char *end;
      size_t times = strtoul(text + 1, &end, 10);
      size_t piece = length - start;
      text = end;
      if (times == 0 || times * piece > capacity - start) {
        return -1;
      }
      for (; times > 1; times--, length += piece) {
        memcpy(out + length, out + start, piece);
      }
    } else {
      int byte = hex_byte(text);
      if (byte < 0 || length == capacity) {
        return -1;
      }
      out[length++] = (uint8_t)byte;
      text += 2;
    }
  }
  return (long)length;
}

/* Text with \xNN for a byte and <now+MS> for a time; the number of bytes, or -1. */
static long text_bytes(const char *text, int64_t now_ms, char *out, size_t capacity) {
  size_t length = 0;
  while (*text != 0) {
    if (capacity - length < 32) {
      return -1;
    }
    if (strncmp(text, "<now", 4) == 0) {
      char *end;
      int64_t offset_ms = strtoll(text + 4, &end, 10);
      length += (size_t)snprintf(out + length, 32, "%" PRId64, now_ms + offset_ms);
      text = *end == '>' ? end + 1 : "";
    } else if (text[0] == '\\' && text[1] == 'x') {
      out[length++] = (char)hex_byte(text + 2);
      text += 4;
    } else {
      out[length++] = *text++;
    }
  }
  return (long)length;
}

static vn_reason_t find_reason(const char *word) {
  for (unsigned i = 1; i < VN_REASON_COUNT; i++) {
    if (strcmp(vn_reason_word((vn_reason_t)i), word) == 0) {
      return (vn_reason_t)i;
    }
  }
  return VN_REASON_NONE;
}

static bool read_verdict(const char *text, hostile_case_t *out) {
  char word[24];
  out->reason = VN_REASON_NONE;
  out->refused = out->accepted = 0;
  out->sum = 0;
  if (sscanf(text, "A %u %" SCNd64, &out->accepted, &out->sum) == 2) {
    return true;
  }
  out->refused = 1;
  int parts = sscanf(text, "R %23s %u %u %" SCNd64, word, &out->refused, &out->accepted, &out->sum);
  out->reason = parts >= 1 ? (uint8_t)find_reason(word) : VN_REASON_NONE;
  return out->reason != VN_REASON_NONE;
}

static bool read_payload(const char *text, int64_t now_ms, hostile_case_t *out) {
  long length = -1;
  if (strncmp(text, "hex:", 4) == 0) {
    length = hex_bytes(text + 4, out->payload, sizeof out->payload);
  } else if (strncmp(text, "text:", 5) == 0) {
    length = text_bytes(text + 5, now_ms, (char *)out->payload, sizeof out->payload);
  }
  out->payload_length = (size_t)length;
  return length >= 0;
}

/* Cuts "a | b | c | d" at its bars; the third part may hold some itself. */
static bool cut(char *line, char *parts[4]) {
  char *last = line + strlen(line);
  parts[0] = line;
  for (unsigned i = 1; i < 3; i++) {
    parts[i] = strstr(parts[i - 1], " | ");
    if (parts[i] == NULL) {
      return false;
    }
    *parts[i] = 0;
    parts[i] += 3;
  }
  while (last > parts[2] && strncmp(last, " | ", 3) != 0) {
    last--;
  }
  *last = 0;
  parts[3] = last + 3;
  return last > parts[2];
}

static void read_line(char *line, int64_t now_ms, hostile_case_t *out) {
  char *parts[4];
  if (!cut(line, parts)) {
    fail(out->line, "write: case | topic | payload | verdict");
  }
  static const char retained[] = "retained ";
  out->retained = strncmp(parts[1], retained, sizeof retained - 1) == 0;
  static const char unset[] = "unset ";
  out->clock_unset = strncmp(parts[1], unset, sizeof unset - 1) == 0;
  const char *topic = parts[1] + (out->retained ? sizeof retained - 1 : 0);
  topic += out->clock_unset ? sizeof unset - 1 : 0;
  long topic_length = text_bytes(topic, now_ms, out->topic, sizeof out->topic);
  if (topic_length < 0 || strlen(parts[0]) >= sizeof out->kind) {
    fail(out->line, "the case or the topic is too long");
  }
  (void)snprintf(out->kind, sizeof out->kind, "%s", parts[0]);
  out->topic_length = (size_t)topic_length;
  if (!read_payload(parts[2], now_ms, out)) {
    fail(out->line, "the payload is neither text: nor hex:, or too long");
  }
  if (!read_verdict(parts[3], out)) {
    fail(out->line, "the verdict is neither A nor R, or names no reason");
  }
}

unsigned hostile_table_each(int64_t now_ms, hostile_case_fn each, void *context) {
  static hostile_case_t message;
  char line[1024];
  unsigned count = 0;
  FILE *file = fopen(TABLE, "r");
  if (file == NULL) {
    fail(0, "cannot be read");
    return 0;
  }
  for (unsigned number = 1; fgets(line, sizeof line, file) != NULL; number++) {
    size_t length = strcspn(line, "\n");
    line[length] = 0;
    if (length == 0 || line[0] == '#') {
      continue;
    }
    message.line = number;
    read_line(line, now_ms, &message);
    each(context, &message);
    count++;
  }
  fclose(file);
  return count;
}
