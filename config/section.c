/* Reads mappings by the schema. */
#include <string.h>

#include "schema_priv.h"

static const char *kind_word(const vn__node_t *node) {
  if (node->kind == VN__MAPPING) {
    return "a mapping";
  }
  if (node->kind == VN__LIST) {
    return "a list";
  }
  return node->text.length == 0 && !node->quoted ? "nothing" : "a text";
}

static bool name_is_good(vn_text_t text) {
  static const char inside[] = "._-";
  for (size_t i = 0; i < text.length; i++) {
    char c = text.bytes[i];
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter && (i == 0 || strchr(inside, c) == NULL)) {
      return false;
    }
  }
  return text.length > 0;
}

static bool read_text(vn__loader_t *loader, const vn__key_t *key, const vn__node_t *node,
                      vn__value_t *value) {
  value->text = node->text.bytes;
  if (node->text.length == 0) {
    vn__error(loader, node->mark, "`%s` is empty", key->name);
    return false;
  }
  if (vn__yaml_cut_by_comment(loader, node)) {
    vn__error(loader, node->mark,
              "`%s` ends before \" #\", which starts a comment: put the text in quotes, or a space "
              "behind the #",
              key->name);
    return false;
  }
  if (node->text.length > (size_t)key->high) {
    vn__error(loader, node->mark, "`%s` has %zu bytes, more than %lld", key->name,
              node->text.length, (long long)key->high);
    return false;
  }
  if (key->type == VN__NAME && !name_is_good(node->text)) {
    vn__error(loader, node->mark,
              "`%s`: %s is no name: letters, digits, `.`, `_` and `-` only, a letter or a digit "
              "first",
              key->name, vn__quote(loader, node->text));
    return false;
  }
  return true;
}

static const char *number_text(vn__loader_t *loader, const vn__key_t *key, int64_t number) {
  if (key->type == VN__SIZE) {
    return vn__size_text(loader, number);
  }
  if (key->type == VN__INTEGER || key->type == VN__INTEGER_OR_SECTION) {
    return vn__format(loader, "%lld", (long long)number);
  }
  return vn__duration_text(loader, number);
}

static bool in_bounds(vn__loader_t *loader, const vn__key_t *key, const vn__node_t *node,
                      int64_t number) {
  if (key->low == 0 && key->high == 0) {
    return true;
  }
  if (number < key->low || number > key->high) {
    bool low = number < key->low;
    vn__error(loader, node->mark, "`%s`: %s is too %s: at %s %s", key->name,
              vn__quote(loader, node->text), low ? "small" : "large", low ? "least" : "most",
              number_text(loader, key, low ? key->low : key->high));
    return false;
  }
  return true;
}

/* The user's number with the units that he may have meant. */
static const char *offer_units(vn__loader_t *loader, const vn__key_t *key, vn_text_t text) {
  int64_t number;
  if (key->type == VN__INTEGER || key->type == VN__INTEGER_OR_SECTION ||
      vn__parse_integer(text, &number) != NULL) {
    return "";
  }
  return key->type == VN__SIZE ? vn__format(loader, " (%lldB, %lldKiB, %lldMiB)", (long long)number,
                                            (long long)number, (long long)number)
                               : vn__format(loader, " (%lldms, %llds, %lldm)", (long long)number,
                                            (long long)number, (long long)number);
}

static bool read_number(vn__loader_t *loader, const vn__key_t *key, const vn__node_t *node,
                        vn__value_t *value) {
  const char *problem;
  if (key->type == VN__SIZE) {
    problem = vn__parse_size(node->text, &value->number);
  } else if (key->type == VN__INTEGER || key->type == VN__INTEGER_OR_SECTION) {
    problem = vn__parse_integer(node->text, &value->number);
  } else {
    problem = vn__parse_duration(node->text, &value->number);
  }
  if (problem != NULL) {
    vn__error(loader, node->mark, "`%s`: %s %s%s", key->name, vn__quote(loader, node->text),
              problem, offer_units(loader, key, node->text));
    return false;
  }
  return in_bounds(loader, key, node, value->number);
}

static const char *list_words(vn__loader_t *loader, const vn__word_t *words) {
  const char *list = "";
  for (const vn__word_t *word = words; word->word != NULL; word++) {
    if (!word->planned) {
      list = vn__format(loader, "%s%s%s", list, list[0] == '\0' ? "" : ", ", word->word);
    }
  }
  return list;
}

static const vn__word_t *find_word(vn__loader_t *loader, const vn__key_t *key,
                                   const vn__node_t *node) {
  if (node->kind != VN__SCALAR) {
    vn__error(loader, node->mark, "`%s` wants words, here is %s", key->name, kind_word(node));
    return NULL;
  }
  for (const vn__word_t *word = key->words; word->word != NULL; word++) {
    if (!vn__text_is(node->text, word->word)) {
      continue;
    }
    if (word->planned) {
      vn__error(loader, node->mark, "`%s: %s` is not available in this version", key->name,
                word->word);
      return NULL;
    }
    return word;
  }
  vn__error(loader, node->mark, "`%s`: %s is none of %s%s", key->name,
            vn__quote(loader, node->text), list_words(loader, key->words),
            vn__suggest_word(loader, key->words, node->text));
  return NULL;
}

static bool read_words(vn__loader_t *loader, const vn__key_t *key, const vn__node_t *node,
                       vn__value_t *value) {
  if (node->kind != VN__LIST) {
    vn__error(loader, node->mark, "`%s` wants a list in brackets, here is %s", key->name,
              kind_word(node));
    return false;
  }
  bool good = true;
  value->number = 0;
  for (const vn__node_t *item = node->child; item != NULL; item = item->next) {
    const vn__word_t *word = find_word(loader, key, item);
    if (word == NULL) {
      good = false;
    } else if ((value->number >> word->value & 1) != 0) {
      vn__error(loader, item->mark, "`%s`: `%s` is there twice", key->name, word->word);
      good = false;
    } else {
      value->number |= INT64_C(1) << word->value;
    }
  }
  if (node->child == NULL) {
    vn__error(loader, node->mark, "`%s` is empty: name one at least, or leave the key out",
              key->name);
  }
  return good && node->child != NULL;
}

bool vn__read_scalar(vn__loader_t *loader, const vn__key_t *key, const vn__node_t *node,
                     vn__value_t *value) {
  VN_ASSERT(node->kind == VN__SCALAR);
  switch ((vn__type_t)key->type) {
    case VN__TEXT:
    case VN__NAME:
      return read_text(loader, key, node, value);
    case VN__WORD: {
      const vn__word_t *word = find_word(loader, key, node);
      value->number = word == NULL ? 0 : word->value;
      return word != NULL;
    }
    case VN__DECIMAL: {
      const char *problem = vn__parse_decimal(node->text, &value->decimal);
      if (problem != NULL) {
        vn__error(loader, node->mark, "`%s`: %s %s", key->name, vn__quote(loader, node->text),
                  problem);
      }
      return problem == NULL;
    }
    default:
      return read_number(loader, key, node, value);
  }
}

static bool check_items(vn__loader_t *loader, const vn__key_t *key, const vn__node_t *node) {
  if (node->count > (uint64_t)key->high) {
    const vn__node_t *item = node->child;
    for (int64_t i = 0; i < key->high; i++) {
      item = item->next;
    }
    vn__error(loader, item->mark, "`%s` has %u entries: at most %lld", key->name,
              (unsigned)node->count, (long long)key->high);
    return false;
  }
  bool good = true;
  for (const vn__node_t *item = node->child; item != NULL; item = item->next) {
    if (item->kind != VN__MAPPING) {
      vn__error(loader, item->mark, "an entry of `%s` is a mapping such as {%s: ...}, here is %s",
                key->name, key->section->keys[0].name, kind_word(item));
      good = false;
    }
  }
  return good;
}

static bool read_texts(vn__loader_t *loader, const vn__key_t *key, const vn__node_t *node) {
  bool good = true;
  for (const vn__node_t *item = node->child; item != NULL; item = item->next) {
    vn__value_t unused = {.node = item};
    if (item->kind != VN__SCALAR) {
      vn__error(loader, item->mark,
                "`%s` wants texts, here is %s; text with braces must be in "
                "quotes",
                key->name, kind_word(item));
      good = false;
    } else {
      good = read_text(loader, key, item, &unused) && good;
    }
  }
  return good;
}

/* The node is of the kind that the type asks for. */
static bool kind_fits(const vn__key_t *key, const vn__node_t *node, const char **wanted) {
  bool empty = node->kind == VN__SCALAR && node->text.length == 0 && !node->quoted;
  switch ((vn__type_t)key->type) {
    case VN__SECTION:
    case VN__PAIRS:
      *wanted = "a mapping";
      return node->kind == VN__MAPPING;
    case VN__SECTIONS:
      *wanted = "a list";
      return node->kind == VN__LIST;
    case VN__DURATION_OR_SECTION:
      *wanted = "a duration or a mapping";
      return node->kind == VN__MAPPING || (node->kind == VN__SCALAR && !empty);
    case VN__INTEGER_OR_SECTION:
      *wanted = "a number or a mapping";
      return node->kind == VN__MAPPING || (node->kind == VN__SCALAR && !empty);
    case VN__INTERVAL:
      *wanted = "two numbers in brackets: [low, high]";
      return node->kind == VN__LIST && node->count == 2 && node->child->kind == VN__SCALAR &&
             node->child->next->kind == VN__SCALAR;
    case VN__WORDS:
    case VN__TEXTS:
      *wanted = "a list in brackets";
      return node->kind == VN__LIST;
    default:
      *wanted = "one value";
      return node->kind == VN__SCALAR && !empty;
  }
}

static bool read_value(vn__loader_t *loader, const vn__key_t *key, const vn__node_t *node,
                       vn__value_t *value) {
  const char *wanted;
  if (!kind_fits(key, node, &wanted)) {
    bool braces = node->kind == VN__MAPPING && (key->type == VN__TEXT || key->type == VN__NAME);
    vn__error(loader, node->mark, "`%s` wants %s, here is %s%s", key->name, wanted, kind_word(node),
              braces ? "; text with braces must be in quotes" : "");
    return false;
  }
  switch ((vn__type_t)key->type) {
    case VN__SECTION:
    case VN__INTERVAL:
    case VN__PAIRS:
      return true;
    case VN__SECTIONS:
      return check_items(loader, key, node);
    case VN__WORDS:
      return read_words(loader, key, node, value);
    case VN__TEXTS:
      return read_texts(loader, key, node);
    case VN__DURATION_OR_SECTION:
    case VN__INTEGER_OR_SECTION:
      return node->kind == VN__MAPPING || read_number(loader, key, node, value);
    default:
      return vn__read_scalar(loader, key, node, value);
  }
}

static void set_default(vn__loader_t *loader, const vn__key_t *key, vn__mark_t mark,
                        vn__value_t *value) {
  value->mark = mark;
  value->text = "";
  if (key->fallback != NULL) {
    vn__node_t node = {.text = vn__text(key->fallback), .mark = mark, .quoted = true};
    value->good = vn__read_scalar(loader, key, &node, value);
    VN_ASSERT(value->good);
  }
}

static void take_entry(vn__loader_t *loader, const vn__section_t *section, const vn__node_t *entry,
                       vn__value_t *values) {
  for (uint32_t i = 0; i < section->key_count; i++) {
    const vn__key_t *key = &section->keys[i];
    if (!vn__text_is(entry->text, key->name)) {
      continue;
    }
    values[i].given = true;
    values[i].node = entry->value;
    values[i].mark = entry->value->mark;
    values[i].key_mark = entry->mark;
    values[i].good = read_value(loader, key, entry->value, &values[i]);
    return;
  }
  vn__error(loader, entry->mark, "%s is no key of %s%s", vn__quote(loader, entry->text),
            section->path[0] == '\0' ? "the top level" : vn__format(loader, "`%s`", section->path),
            vn__suggest_key(loader, section, entry->text));
}

bool vn__read_section(vn__loader_t *loader, const vn__section_t *section, const vn__node_t *node,
                      vn__value_t *values) {
  unsigned before = loader->error_count;
  vn__mark_t nowhere = {0, 0};
  vn__mark_t start = node == NULL ? nowhere : node->mark;
  for (uint32_t i = 0; i < section->key_count; i++) {
    values[i] = (vn__value_t){.node = NULL};
    set_default(loader, &section->keys[i], start, &values[i]);
  }
  if (node == NULL) {
    return true;
  }
  VN_ASSERT(node->kind == VN__MAPPING);
  for (const vn__node_t *entry = node->child; entry != NULL; entry = entry->next) {
    take_entry(loader, section, entry, values);
  }
  for (uint32_t i = 0; i < section->key_count; i++) {
    if (section->keys[i].required && !values[i].given) {
      vn__error(loader, start, "`%s` is missing. %s", section->keys[i].name, section->keys[i].doc);
    }
  }
  return loader->error_count == before;
}
