/* Sentences for what users run into when text for vnotch looks like syntax to YAML. */
#include <string.h>

#include "loader_priv.h"

/* The byte offset in a line of a column counted in characters. */
static size_t offset_of_column(vn_text_t line, uint32_t column) {
  size_t offset = 0;
  for (uint32_t i = 1; i < column && offset < line.length; i++) {
    offset++;
    while (offset < line.length && ((unsigned char)line.bytes[offset] & 0xC0) == 0x80) {
      offset++;
    }
  }
  return offset;
}

static bool contains(vn_text_t line, size_t end, const char *characters) {
  for (size_t i = 0; i < end && i < line.length; i++) {
    if (strchr(characters, line.bytes[i]) != NULL) {
      return true;
    }
  }
  return false;
}

static bool indented_by_tab(vn_text_t line) {
  for (size_t i = 0; i < line.length && (line.bytes[i] == ' ' || line.bytes[i] == '\t'); i++) {
    if (line.bytes[i] == '\t') {
      return true;
    }
  }
  return false;
}

static char character_at(vn_text_t line, uint32_t column) {
  size_t offset = offset_of_column(line, column);
  return offset < line.length ? line.bytes[offset] : '\0';
}

static const char *first_character(char character) {
  switch (character) {
    case '\t':
      return "a tab: YAML is indented by spaces only";
    case '%':
    case '@':
    case '`':
      return "a text can't start with this character: put it in quotes";
    default:
      return NULL;
  }
}

static const char *known_trap(const char *problem, const char *context, vn_text_t line,
                              uint32_t column) {
  if (strcmp(context, "while scanning an alias") == 0) {
    return "a text that starts with * must be in quotes (\"*/temp*\"): without them it is an alias";
  }
  if (strcmp(context, "while scanning an anchor") == 0) {
    return "a text that starts with & must be in quotes: without them it is an anchor";
  }
  if (indented_by_tab(line) || strstr(problem, "tab character") != NULL) {
    return "a tab: YAML is indented by spaces only";
  }
  if (strstr(problem, "cannot start any token") != NULL) {
    return first_character(character_at(line, column));
  }
  size_t offset = offset_of_column(line, column);
  if (contains(line, offset + 1, "{}[]")) {
    return "text with braces or brackets must be in quotes (\"{line}/{sensor}\"), and each { and [ "
           "needs its end";
  }
  return NULL;
}

const char *vn__yaml_sentence(vn__loader_t *loader, const char *problem, const char *context,
                              vn__mark_t mark) {
  vn_text_t line = vn__source_line(&loader->source, mark.line);
  const char *trap = known_trap(problem, context, line, mark.column);
  if (trap != NULL) {
    return trap;
  }
  if (strstr(problem, "mapping values are not allowed") != NULL) {
    return "a colon in the wrong place: put text that holds \": \" in quotes, and check that keys "
           "of "
           "one mapping start in one column";
  }
  if (strstr(problem, "UTF-8") != NULL || strstr(problem, "character") != NULL) {
    return vn__format(loader, "this is no text in UTF-8 that YAML allows (%s)", problem);
  }
  return vn__format(loader,
                    "YAML syntax: %s%s%s; check the indentation of this line and of the one "
                    "before it, and put text with special characters in quotes",
                    context, context[0] == '\0' ? "" : ", ", problem);
}

bool vn__yaml_cut_by_comment(const vn__loader_t *loader, const vn__node_t *node) {
  if (node->kind != VN__SCALAR || node->quoted) {
    return false;
  }
  vn_text_t line = vn__source_line(&loader->source, node->end.line);
  size_t offset = offset_of_column(line, node->end.column);
  size_t hash = offset;
  while (hash < line.length && line.bytes[hash] == ' ') {
    hash++;
  }
  bool comment = hash > offset && hash + 1 < line.length && line.bytes[hash] == '#';
  return comment && strchr(" #!-=", line.bytes[hash + 1]) == NULL;
}
