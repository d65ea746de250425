/* Labels and annotations: texts that go along in messages, as a JSON object. */
#include "build_alerts_priv.h"
#include "vn/json_writer.h"

#define PAIRS_MAX 8u
#define KEY_BYTES 64u

static bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool key_is_good(vn_text_t key) {
  for (size_t i = 0; i < key.length; i++) {
    bool digit = key.bytes[i] >= '0' && key.bytes[i] <= '9';
    if (!is_letter(key.bytes[i]) && (i == 0 || !digit)) {
      return false;
    }
  }
  return key.length > 0 && key.length <= KEY_BYTES;
}

static bool write_pair(vn__loader_t *loader, const char *list, const vn__node_t *entry,
                       vn_json_writer_t *writer) {
  if (!key_is_good(entry->text)) {
    vn__error(loader, entry->mark,
              "`%s`: %s is no name of a text: letters, digits and `_` only, no digit first, at "
              "most %u bytes",
              list, vn__quote(loader, entry->text), KEY_BYTES);
    return false;
  }
  const vn__node_t *node = entry->value;
  const vn__key_t key = {.name = entry->text.bytes, .type = VN__TEXT, .high = VN_ALERT_TEXT_MAX};
  vn__value_t value = {.node = node};
  if (node->kind != VN__SCALAR) {
    vn__error(loader, node->mark, "`%s`: `%s` wants one text, here is a %s", list, key.name,
              node->kind == VN__LIST ? "list" : "mapping; text with braces must be in quotes");
    return false;
  }
  if (!vn__read_scalar(loader, &key, node, &value)) {
    return false;
  }
  vn_json_key_text(writer, entry->text);
  vn_json_text(writer, node->text);
  return true;
}

const char *vn__build_texts(vn__loader_t *loader, const char *key, const vn__value_t *pairs) {
  if (!pairs->given || !pairs->good) {
    return NULL;
  }
  uint32_t count = pairs->node->count;
  if (count == 0 || count > PAIRS_MAX) {
    vn__error(loader, pairs->mark, "`%s` are one to %u texts, here are %u", key, PAIRS_MAX,
              (unsigned)count);
    return NULL;
  }
  char *text = vn__arena_take(&loader->arena, VN_ALERT_TEXT_MAX + 1);
  vn_json_writer_t writer;
  bool good = true;
  vn_json_writer_init(&writer, text, VN_ALERT_TEXT_MAX);
  vn_json_object_begin(&writer);
  for (const vn__node_t *entry = pairs->node->child; entry != NULL; entry = entry->next) {
    good = write_pair(loader, key, entry, &writer) && good;
  }
  vn_json_object_end(&writer);
  if (good && writer.overflow) {
    vn__error(loader, pairs->mark, "`%s` take %zu bytes as JSON: at most %u", key, writer.length,
              VN_ALERT_TEXT_MAX);
    return NULL;
  }
  return good ? text : NULL;
}
