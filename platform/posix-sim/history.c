#include "history.h"

#include "replay.h"
#include "vn/flash_log.h"
#include "vn/journal.h"
#include "vn/json_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A line: hexadecimal digits, or characters that may be escaped as \u00xx, and the other members.
 */
#define LINE_BYTES(body) ((size_t)(body)*6u + 256u)
#define PROBE_STEP 512u

typedef struct history {
  const char *state;
  FILE *trace, *errors;
  uint8_t *bytes;
  size_t length;
  vn_flash_t flash;
  vn_log_owner_t owner;
  vn_flash_log_t log;
  vn_log_item_t item;
  void *sectors;
  uint8_t *page, *record, *entry;
  char *line, *hex;
  vn_journal_reader_t reader;
  uint64_t messages;
  bool clock_hidden, failed;
} history_t;

static int complain(const history_t *history, int code, const char *why) {
  fprintf(history->errors, "vnotch-sim: %s: %s\n", history->state, why);
  return code;
}

static int read_file(history_t *history) {
  FILE *file = fopen(history->state, "rb");
  long end = -1;
  if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
    end = ftell(file);
  }
  if (end < 0 || fseek(file, 0, SEEK_SET) != 0) {
    int code = complain(history, VN_EXIT_IO, strerror(errno));
    if (file != NULL) {
      fclose(file);
    }
    return code;
  }
  history->length = (size_t)end;
  history->bytes = malloc(history->length + 1u);
  bool whole =
      history->bytes != NULL && fread(history->bytes, 1, history->length, file) == history->length;
  fclose(file);
  return whole ? VN_EXIT_OK : complain(history, VN_EXIT_IO, "can't be read");
}

static vn_err_t flash_read(void *context, uint32_t offset, void *to, uint32_t length) {
  const history_t *history = context;
  memcpy(to, history->bytes + offset, length);
  return VN_OK;
}

/* It is only looked at. */
static vn_err_t flash_prog(void *context, uint32_t offset, const void *from, uint32_t length) {
  (void)context;
  (void)offset;
  (void)from;
  (void)length;
  return VN_ERR_FLASH;
}

static vn_err_t flash_erase(void *context, uint32_t offset, uint32_t length) {
  (void)context;
  (void)offset;
  (void)length;
  return VN_ERR_FLASH;
}

static vn_err_t flash_sync(void *context) {
  (void)context;
  return VN_ERR_FLASH;
}

/* The file names its own geometry: another configuration may be about to read it. */
static bool find_geometry(history_t *history) {
  vn_flash_t *flash = &history->flash;
  for (size_t at = 0; at + VN_LOG_PROBE_BYTES <= history->length; at += PROBE_STEP) {
    if (vn_log_probe(history->bytes + at, &flash->erase_size, &flash->prog_size)) {
      flash->context = history;
      flash->size_bytes = (uint32_t)history->length;
      flash->read = flash_read;
      flash->prog = flash_prog;
      flash->erase = flash_erase;
      flash->sync = flash_sync;
      return history->length <= UINT32_MAX;
    }
  }
  return false;
}

static vn_err_t no_rewrite(void *context, vn_flash_log_t *log, uint32_t item) {
  (void)context;
  (void)log;
  (void)item;
  return VN_ERR_FLASH;
}

/* States are of no interest. */
static uint32_t apply_nothing(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                              const uint8_t *payload, uint32_t length) {
  (void)context;
  (void)type;
  (void)flags;
  (void)argument;
  (void)payload;
  (void)length;
  return VN_LOG_NO_ITEM;
}

/* With room for the longest records that a region of this size can be planned with. */
static vn_err_t init_log(history_t *history, vn_log_config_t *config) {
  vn_err_t error = vn_log_init(&history->log, config);
  while (error == VN_ERR_PLAN && config->record_max > 2u * VN_LOG_RECORD_MIN) {
    config->record_max /= 2u;
    error = vn_log_init(&history->log, config);
  }
  return error;
}

static int open_log(history_t *history) {
  if (!find_geometry(history)) {
    return complain(history, VN_EXIT_DATA, "is no state file of vnotch, or was never written to");
  }
  const vn_flash_t *flash = &history->flash;
  uint32_t longest = vn_log_payload_max(flash);
  uint32_t page = flash->prog_size < 256u ? 256u : flash->prog_size;
  history->sectors = calloc(flash->size_bytes / flash->erase_size + 1u, sizeof(vn_log_sector_t));
  history->page = aligned_alloc(64, page);
  history->record = malloc(longest + 1u);
  history->entry = malloc(history->length);
  history->line = malloc(LINE_BYTES(history->length));
  history->hex = malloc(2u * history->length + 2u);
  if (history->sectors == NULL || history->page == NULL || history->record == NULL ||
      history->entry == NULL || history->line == NULL || history->hex == NULL) {
    return complain(history, VN_EXIT_UNAVAILABLE, "no memory to read it");
  }
  vn_journal_reader_init(&history->reader, history->entry, (uint32_t)history->length);
  history->owner = (vn_log_owner_t){history, no_rewrite, apply_nothing};
  vn_log_config_t config = {.flash = flash,
                            .owner = &history->owner,
                            .items = &history->item,
                            .item_count = 1,
                            .sectors = history->sectors,
                            .page = history->page,
                            .page_size = page,
                            .record = history->record,
                            .record_max = longest,
                            .live_bytes_max = VN_LOG_RECORD_MIN,
                            .commit_bytes_max = VN_LOG_RECORD_MIN};
  vn_commit_t last;
  vn_err_t error = init_log(history, &config);
  if (error == VN_OK) {
    error = vn_log_mount(&history->log, &last);
  }
  return error == VN_OK ? VN_EXIT_OK : complain(history, VN_EXIT_DATA, vn_err_text(error));
}

static bool is_plain(const vn_journal_message_t *message) {
  for (uint32_t i = 0; i < message->payload_length; i++) {
    if (message->payload[i] < 0x20 || message->payload[i] > 0x7e) {
      return false;
    }
  }
  return true;
}

static void put_payload(const history_t *history, vn_json_writer_t *writer,
                        const vn_journal_message_t *message) {
  static const char digits[] = "0123456789abcdef";
  size_t length = 0;
  if (is_plain(message)) {
    vn_json_key(writer, "payload");
    vn_json_text(writer, (vn_text_t){(const char *)message->payload, message->payload_length});
    return;
  }
  vn_json_key(writer, "payload_hex");
  history->hex[length++] = '"';
  for (uint32_t i = 0; i < message->payload_length; i++) {
    history->hex[length++] = digits[message->payload[i] >> 4];
    history->hex[length++] = digits[message->payload[i] & 15u];
  }
  history->hex[length++] = '"';
  vn_json_raw(writer, history->hex, length);
}

static void put_line(history_t *history, const vn_json_writer_t *writer) {
  VN_ASSERT(!writer->overflow);
  history->failed = history->failed ||
                    fwrite(history->line, 1, writer->length, history->trace) != writer->length ||
                    fputc('\n', history->trace) == EOF;
}

/* A clock that isn't set, or is set again, is a line of its own. */
static void put_clock(history_t *history, bool is_set) {
  vn_json_writer_t writer;
  if (history->clock_hidden != is_set) {
    return;
  }
  history->clock_hidden = !is_set;
  vn_json_writer_init(&writer, history->line, LINE_BYTES(history->length));
  vn_json_object_begin(&writer);
  vn_json_key(&writer, "op");
  vn_json_literal(&writer, "clock");
  vn_json_key(&writer, "set");
  vn_json_bool(&writer, is_set);
  vn_json_object_end(&writer);
  put_line(history, &writer);
}

static void visit(void *context, uint8_t flags, uint32_t argument, const uint8_t *payload,
                  uint32_t length) {
  history_t *history = context;
  vn_journal_message_t message;
  vn_json_writer_t writer;
  if (!vn_journal_read(&history->reader, flags, argument, payload, length, &message)) {
    return;
  }
  put_clock(history, message.arrival_valid);
  vn_json_writer_init(&writer, history->line, LINE_BYTES(history->length));
  vn_json_object_begin(&writer);
  vn_json_key(&writer, "at");
  vn_json_integer(&writer, message.arrival_ms);
  vn_json_key(&writer, "topic");
  vn_json_text(&writer, (vn_text_t){message.topic, message.topic_length});
  put_payload(history, &writer, &message);
  if (message.retained) {
    vn_json_key(&writer, "retained");
    vn_json_bool(&writer, true);
  }
  vn_json_object_end(&writer);
  put_line(history, &writer);
  history->messages++;
}

static int write_trace(history_t *history) {
  vn_log_history(&history->log, visit, history);
  if (history->failed || fflush(history->trace) != 0) {
    return complain(history, VN_EXIT_IO, "its trace could not be written");
  }
  if (history->messages == 0) {
    return complain(history, VN_EXIT_DATA,
                    "holds no journal: is it kept with `state.durability: journal`?");
  }
  uint64_t gone = history->reader.missing + history->reader.skipped;
  if (gone > 0) {
    fprintf(history->errors, "vnotch-sim: %s: warning: %" PRIu64 " messages in between are gone\n",
            history->state, gone);
  }
  return VN_EXIT_OK;
}

int vn_history_write(const char *state, FILE *trace, FILE *errors) {
  history_t *history = calloc(1, sizeof *history);
  if (history == NULL) {
    return VN_EXIT_UNAVAILABLE;
  }
  history->state = state;
  history->trace = trace;
  history->errors = errors;
  int code = read_file(history);
  if (code == VN_EXIT_OK) {
    code = open_log(history);
  }
  if (code == VN_EXIT_OK) {
    code = write_trace(history);
  }
  free(history->bytes);
  free(history->sectors);
  free(history->page);
  free(history->record);
  free(history->entry);
  free(history->line);
  free(history->hex);
  free(history);
  return code;
}
