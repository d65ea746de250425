/* docs/configuration.md: an introduction, then every key from the schema. */
#include <string.h>

#include "schema_priv.h"

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "<!-- Written by `vnotch document-configuration` from the schema in config/: change it there. "
    "-->\n"
    "\n"
    "One YAML file describes a device: what it subscribes to, what it computes, where results go "
    "and\n"
    "what survives a restart. `vnotch check FILE` tells every error with its line and column;\n"
    "`vnotch budget FILE` tells what the file costs in memory and flash; `vnotchd --config FILE` "
    "runs\n"
    "it. Examples that the tests check are in `config/examples/`.\n"
    "\n"
    "## A small file\n"
    "\n"
    "```yaml\n"
    "device: gw-17\n"
    "broker: {uri: \"mqtt://127.0.0.1:1883\"}\n"
    "inputs:\n"
    "  - {topic: \"plant/{line}/{sensor}\", format: number, series: \"{line}/{sensor}\"}\n"
    "pipelines:\n"
    "  - name: temperature\n"
    "    match: \"*/temp*\"\n"
    "    unit: Cel\n"
    "    resolution: 0.01\n"
    "    range: [-40, 125]\n"
    "    allowed_lateness: 1m\n"
    "    windows:\n"
    "      - {name: minute, tumbling: 1m, statistics: [count, mean, min, max]}\n"
    "    alerts:\n"
    "      - {name: overheat, above: 80, hysteresis: 5, for: 10s}\n"
    "```\n"
    "\n"
    "## How values are written\n"
    "\n"
    "- **Durations** carry a unit: `250ms`, `60s`, `5m`, `1h`, `7d`. No fractions: 1.5 hours are\n"
    "  `90m`. A bare number is an error.\n"
    "- **Sizes** carry a unit: `64KiB`, `4MiB`, `1GiB` (powers of two), `500kB`, `4MB`, `1GB` "
    "(powers\n"
    "  of ten), `64B`.\n"
    "- **Decimal numbers** (`resolution`, limits) are taken exactly as written. A limit must be a\n"
    "  multiple of the resolution; the error names the nearest ones.\n"
    "- **Names** (devices, pipelines, windows, alerts): letters, digits, `.`, `_`, `-`, a letter "
    "or a\n"
    "  digit first.\n"
    "- **Text that holds braces, brackets, `*`, `#`, `&`, `!`, `%`, `@` or \": \" belongs in "
    "quotes**:\n"
    "  `match: \"*/temp*\"`, `series: \"{line}/{sensor}\"`. Without them YAML reads something "
    "else.\n"
    "- **Series names** are at most `capacity.name` long: letters, digits, `:`, `.`, `/`, `_`, "
    "`-`, a\n"
    "  letter or a digit first. What doesn't fit is refused and counted, never rewritten.\n"
    "\n"
    "## What is refused\n"
    "\n"
    "The file is plain YAML in UTF-8 without BOM, lines end with LF, indented by spaces, at most\n"
    "1 MiB, nested at most 16 deep. Anchors, aliases, tags, merge keys, complex keys, directives "
    "and\n"
    "further documents are errors, so that what is read is what is written. An unknown or "
    "duplicate\n"
    "key is an error. A file that everybody may write to, that belongs to a stranger or that is a\n"
    "link to another folder is not read.\n"
    "\n"
    "Secrets are in files of their own (`password_file`, `key_file`); one that everybody may read "
    "is\n"
    "refused. A secret file that is missing is no error of the configuration: it may be checked "
    "on\n"
    "another machine.\n"
    "\n"
    "A file without `broker` and `inputs` is complete for `vnotch-sim replay`.\n"
    "\n"
    "## Keys\n"
    "\n"
    "\"-\" under default: none. *needed*: the key must be there.\n";

static void print_words(const vn__word_t *words, FILE *out) {
  const char *separator = "";
  for (const vn__word_t *word = words; word->word != NULL; word++) {
    if (!word->planned) {
      fprintf(out, "%s`%s`", separator, word->word);
      separator = ", ";
    }
  }
}

static void print_number(vn__loader_t *loader, const vn__key_t *key, int64_t number, FILE *out) {
  if (key->type == VN__SIZE) {
    fputs(vn__size_text(loader, number), out);
  } else if (key->type == VN__INTEGER) {
    fprintf(out, "%lld", (long long)number);
  } else {
    fputs(vn__duration_text(loader, number), out);
  }
}

static void print_bounded(vn__loader_t *loader, const vn__key_t *key, const char *kind, FILE *out) {
  fprintf(out, "%s, ", kind);
  print_number(loader, key, key->low, out);
  fputs(" to ", out);
  print_number(loader, key, key->high, out);
}

static void print_type(vn__loader_t *loader, const vn__key_t *key, FILE *out) {
  switch ((vn__type_t)key->type) {
    case VN__TEXT:
      fprintf(out, "%s", key->form);
      break;
    case VN__NAME:
      fprintf(out, "name, at most %lld bytes", (long long)key->high);
      break;
    case VN__DURATION:
      print_bounded(loader, key, "duration", out);
      break;
    case VN__SIZE:
      print_bounded(loader, key, "size", out);
      break;
    case VN__INTEGER:
      print_bounded(loader, key, "number", out);
      break;
    case VN__DECIMAL:
      fputs("decimal number", out);
      break;
    case VN__WORD:
      print_words(key->words, out);
      break;
    case VN__WORDS:
      fputs("list of ", out);
      print_words(key->words, out);
      break;
    case VN__TEXTS:
      fputs("list of texts", out);
      break;
    case VN__INTERVAL:
      fputs("`[lowest, highest]`", out);
      break;
    case VN__PAIRS:
      fputs("mapping of names to texts", out);
      break;
    case VN__SECTION:
      fputs("mapping", out);
      break;
    case VN__SECTIONS:
      fprintf(out, "list of at most %lld mappings", (long long)key->high);
      break;
    case VN__DURATION_OR_SECTION:
      fputs("duration or mapping", out);
      break;
    case VN__INTEGER_OR_SECTION:
      fputs("number or mapping", out);
      break;
  }
}

static void print_default(const vn__key_t *key, FILE *out) {
  if (key->required) {
    fputs("*needed*", out);
  } else if (key->fallback != NULL) {
    fprintf(out, "`%s`", key->fallback);
  } else {
    fputs(key->fallback_words == NULL ? "-" : key->fallback_words, out);
  }
}

static void print_key(vn__loader_t *loader, const vn__key_t *key, FILE *out) {
  fprintf(out, "| `%s` | ", key->name);
  print_type(loader, key, out);
  fputs(" | ", out);
  print_default(key, out);
  fprintf(out, " | %s |\n", key->doc);
}

/* What the design has and this version hasn't, so that nobody searches for it. */
static void print_planned(const vn__section_t *section, FILE *out) {
  bool first = true;
  for (uint32_t i = 0; i < section->key_count; i++) {
    const vn__key_t *key = &section->keys[i];
    for (const vn__word_t *word = key->words; word != NULL && word->word != NULL; word++) {
      if (word->planned) {
        fprintf(out, "%s`%s: %s`", first ? "\nNot available in this version: " : ", ", key->name,
                word->word);
        first = false;
      }
    }
  }
  fputs(first ? "" : ".\n", out);
}

static void print_section(vn__loader_t *loader, const vn__section_t *section, FILE *out) {
  fprintf(out, "\n### %s%s%s\n\n%s\n\n", section->path[0] == '\0' ? "" : "`",
          section->path[0] == '\0' ? "Top level" : section->path,
          section->path[0] == '\0' ? "" : "`", section->doc);
  fputs("| key | value | default | meaning |\n|---|---|---|---|\n", out);
  for (uint32_t i = 0; i < section->key_count; i++) {
    print_key(loader, &section->keys[i], out);
  }
  print_planned(section, out);
}

void vn_configuration_document(FILE *out) {
  vn__loader_t loader = {.error_count = 0};
  VN_ASSERT(out != NULL);
  fputs(introduction, out);
  for (unsigned i = 0; i < VN__SECTION_COUNT; i++) {
    print_section(&loader, vn__schema_section(i), out);
  }
  vn__arena_free(&loader.arena);
}
