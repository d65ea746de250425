/* Reports: the method and its error, in the pipeline's scaled integers. */
#include "build_priv.h"

/* Exactly one of the methods. */
static bool choose_method(vn__loader_t *loader, const vn__value_t *shape,
                          const vn__value_t *values) {
  const vn__value_t *deadband = &values[VN__REPORT_DEADBAND];
  const vn__value_t *door = &values[VN__REPORT_SWINGING_DOOR];
  if (deadband->given && door->given) {
    vn__error(loader, door->key_mark,
              "a second method, `swinging_door`: a report has one; write two windows");
  } else if (!deadband->given && !door->given) {
    vn__error(loader, shape->mark,
              "the report has no method: add `deadband: 0.5` or `swinging_door: 0.5`");
  }
  return deadband->given != door->given;
}

/* SenML tells statistics only. */
static bool has_place_for_points(const vn__build_t *build, const vn__value_t *shape) {
  bool place = build->configuration->plan.encoding <= VN_ENCODING_JSON;
  if (!place) {
    vn__error(build->loader, shape->key_mark,
              "`report`: SenML has no place for its points: use `summaries: {encoding: cbor}`, "
              "cbor-named or json");
  }
  return place;
}

bool vn__read_report(vn__build_t *build, const vn_pipeline_t *pipeline, const vn__value_t *shape,
                     vn_window_t *window) {
  vn__loader_t *loader = build->loader;
  vn__value_t values[VN__REPORT_KEYS];
  bool good = vn__read_section(loader, &vn__report_section, shape->node, values);
  bool one = choose_method(loader, shape, values);
  bool told = has_place_for_points(build, shape);
  uint8_t key = values[VN__REPORT_DEADBAND].given ? VN__REPORT_DEADBAND : VN__REPORT_SWINGING_DOOR;
  window->shape = VN_WINDOW_REPORT;
  window->method = key == VN__REPORT_DEADBAND ? VN_REPORT_DEADBAND : VN_REPORT_SWINGING_DOOR;
  window->every_ms = values[VN__REPORT_AT_LEAST_EVERY].number;
  window->sample = (uint16_t)values[VN__REPORT_POINTS].number;
  if (!good || !one || !told) {
    return false;
  }
  int exponent = pipeline->summary.exponent;
  int64_t error = 0;
  vn__scale_t scale = {
      exponent, 0, INT32_MAX,
      vn__format(loader, "the resolution %s", vn__decimal_text(loader, 1, exponent))};
  bool exact =
      vn__scale_decimal(loader, vn__report_section.keys[key].name, &values[key], &scale, &error);
  window->error = (int32_t)error;
  return exact;
}
