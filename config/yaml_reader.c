/* The one file that knows libyaml: its events become our nodes. By events, not by its tree, because
 * the tree's loader needs quadratic time for nesting and shows neither anchors nor duplicates. */
#include <string.h>
#include <yaml.h>

#include "loader_priv.h"

typedef struct reader {
  vn__loader_t *loader;
  vn__node_t *open[VN__DEPTH_MAX]; /* mappings and lists around the next node */
  vn__node_t *key[VN__DEPTH_MAX];  /* of open[i]: the key that waits for its value */
  vn__node_t *root;
  uint32_t depth, nodes, documents;
} reader_t;

static vn__mark_t mark_of(yaml_mark_t mark) {
  vn__mark_t result = {(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
  return result;
}

static bool refuse(reader_t *reader, vn__mark_t mark, const char *sentence) {
  vn__error(reader->loader, mark, "%s", sentence);
  return false;
}

static vn__node_t *find_key(const vn__node_t *mapping, vn_text_t text) {
  for (vn__node_t *key = mapping->child; key != NULL; key = key->next) {
    if (key->text.length == text.length && memcmp(key->text.bytes, text.bytes, text.length) == 0) {
      return key;
    }
  }
  return NULL;
}

static void append(vn__node_t *parent, vn__node_t *node) {
  if (parent->last == NULL) {
    parent->child = node;
  } else {
    parent->last->next = node;
  }
  parent->last = node;
  parent->count++;
}

/* A second key of a name keeps its value out of the mapping, so that each is told once. */
static bool add_key(reader_t *reader, vn__node_t *mapping, vn__node_t *node) {
  vn__loader_t *loader = reader->loader;
  if (node->kind != VN__SCALAR) {
    return refuse(reader, node->mark,
                  "a key must be plain text: put it in quotes if braces or brackets belong to it");
  }
  if (node->text.length == 2 && memcmp(node->text.bytes, "<<", 2) == 0) {
    return refuse(reader, node->mark, "merge keys (<<) are not supported: write the keys out");
  }
  const vn__node_t *first = find_key(mapping, node->text);
  if (first != NULL) {
    vn__error(loader, node->mark, "%s is given twice: first in line %u, column %u",
              vn__quote(loader, node->text), (unsigned)first->mark.line,
              (unsigned)first->mark.column);
  } else if (mapping->count == VN__MAPPING_KEYS_MAX) {
    return refuse(reader, node->mark, "more than 256 keys in one mapping");
  } else {
    append(mapping, node);
  }
  reader->key[reader->depth - 1] = node;
  return true;
}

/* Puts a complete node where it belongs. */
static bool place(reader_t *reader, vn__node_t *node) {
  if (++reader->nodes > VN__NODES_MAX) {
    return refuse(reader, node->mark, "more than 65536 values in one file");
  }
  if (reader->depth == 0) {
    reader->root = node;
    return true;
  }
  vn__node_t *parent = reader->open[reader->depth - 1];
  if (parent->kind == VN__LIST) {
    append(parent, node);
    return true;
  }
  vn__node_t *key = reader->key[reader->depth - 1];
  if (key == NULL) {
    return add_key(reader, parent, node);
  }
  key->value = node;
  reader->key[reader->depth - 1] = NULL;
  return true;
}

static vn__node_t *new_node(reader_t *reader, const yaml_event_t *event, vn__kind_t kind) {
  vn__node_t *node = vn__arena_take(&reader->loader->arena, sizeof(*node));
  node->kind = (uint8_t)kind;
  node->mark = mark_of(event->start_mark);
  node->end = mark_of(event->end_mark);
  node->text = vn__text("");
  return node;
}

static bool no_extras(reader_t *reader, const yaml_event_t *event, const yaml_char_t *anchor,
                      const yaml_char_t *tag) {
  vn__mark_t mark = mark_of(event->start_mark);
  if (anchor != NULL) {
    return refuse(reader, mark,
                  "anchors (&) are not supported: put the text in quotes if & belongs to it");
  }
  if (tag != NULL) {
    return refuse(reader, mark,
                  "tags (!) are not supported: put the text in quotes if ! belongs to it");
  }
  return true;
}

static bool open_node(reader_t *reader, const yaml_event_t *event, vn__kind_t kind) {
  vn__mark_t mark = mark_of(event->start_mark);
  if (reader->depth == VN__DEPTH_MAX) {
    return refuse(reader, mark, "nested deeper than 16 levels");
  }
  vn__node_t *node = new_node(reader, event, kind);
  if (!place(reader, node)) {
    return false;
  }
  reader->open[reader->depth] = node;
  reader->key[reader->depth] = NULL;
  reader->depth++;
  return true;
}

static bool take_scalar(reader_t *reader, const yaml_event_t *event) {
  const char *bytes = (const char *)event->data.scalar.value;
  size_t length = event->data.scalar.length;
  vn__node_t *node = new_node(reader, event, VN__SCALAR);
  node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  node->text.bytes = vn__arena_text(&reader->loader->arena, bytes, length);
  node->text.length = length;
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)bytes[i];
    if (byte == 0) {
      return refuse(reader, node->mark, "the text holds a NUL character: remove the \\0");
    }
    if (byte < 0x20 || byte == 0x7F) {
      return refuse(reader, node->mark,
                    "the text holds a control character or a line end: write it in one line");
    }
  }
  return place(reader, node);
}

static bool start_document(reader_t *reader, const yaml_event_t *event) {
  vn__mark_t mark = mark_of(event->start_mark);
  if (++reader->documents > 1) {
    return refuse(reader, mark, "a second document (---): one file holds one configuration");
  }
  const yaml_tag_directive_t *first = event->data.document_start.tag_directives.start;
  if (event->data.document_start.version_directive != NULL ||
      first != event->data.document_start.tag_directives.end) {
    return refuse(reader, mark, "directives (%YAML, %TAG) are not supported: remove the line");
  }
  return true;
}

static bool take_start(reader_t *reader, const yaml_event_t *event) {
  switch (event->type) {
    case YAML_MAPPING_START_EVENT:
      return no_extras(reader, event, event->data.mapping_start.anchor,
                       event->data.mapping_start.tag) &&
             open_node(reader, event, VN__MAPPING);
    case YAML_SEQUENCE_START_EVENT:
      return no_extras(reader, event, event->data.sequence_start.anchor,
                       event->data.sequence_start.tag) &&
             open_node(reader, event, VN__LIST);
    case YAML_SCALAR_EVENT:
      return no_extras(reader, event, event->data.scalar.anchor, event->data.scalar.tag) &&
             take_scalar(reader, event);
    default:
      return refuse(reader, mark_of(event->start_mark),
                    "aliases are not supported: put a text that starts with * in quotes");
  }
}

/* False: stop reading, an error was added. */
static bool take_event(reader_t *reader, const yaml_event_t *event) {
  switch (event->type) {
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
      VN_ASSERT(reader->depth > 0);
      reader->depth--;
      return true;
    case YAML_DOCUMENT_START_EVENT:
      return start_document(reader, event);
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_SCALAR_EVENT:
    case YAML_ALIAS_EVENT:
      return take_start(reader, event);
    default:
      return true;
  }
}

static void syntax_error(reader_t *reader, const yaml_parser_t *parser) {
  vn__loader_t *loader = reader->loader;
  const char *problem = parser->problem == NULL ? "damaged text" : parser->problem;
  const char *context = parser->context == NULL ? "" : parser->context;
  vn__mark_t mark = mark_of(parser->problem_mark);
  if (parser->error == YAML_READER_ERROR) {
    size_t offset = parser->problem_offset;
    size_t length = loader->source.length;
    mark = vn__source_mark(&loader->source, offset < length ? offset : length);
  }
  if (strcmp(context, "while scanning an alias") == 0 ||
      strcmp(context, "while scanning an anchor") == 0) {
    mark = mark_of(parser->context_mark);
  }
  vn__error(loader, mark, "%s", vn__yaml_sentence(loader, problem, context, mark));
}

static bool read_events(reader_t *reader, yaml_parser_t *parser) {
  for (;;) {
    yaml_event_t event;
    if (!yaml_parser_parse(parser, &event)) {
      syntax_error(reader, parser);
      return false;
    }
    yaml_event_type_t type = event.type;
    bool good = take_event(reader, &event);
    yaml_event_delete(&event);
    if (!good || type == YAML_STREAM_END_EVENT) {
      return good;
    }
  }
}

const vn__node_t *vn__yaml_read(vn__loader_t *loader) {
  static const vn__mark_t start = {1, 1};
  reader_t reader = {.loader = loader};
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser)) {
    vn__error(loader, start, "out of memory");
    return NULL;
  }
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser, (const unsigned char *)loader->source.bytes,
                               loader->source.length);
  bool good = read_events(&reader, &parser);
  yaml_parser_delete(&parser);
  if (good && reader.root == NULL) {
    vn__error(loader, start, "the file is empty: `pipelines` at least is needed");
  }
  return good ? reader.root : NULL;
}
