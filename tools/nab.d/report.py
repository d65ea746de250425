"""Figures as tables for people."""


def shown(value):
    return "-" if value is None else f"{value:.2f}"


def corpus(figures):
    yield (f"{figures['detector']}, refractory {figures['refractory']}: {figures['files']} of "
           f"{figures['files_of_all']} files, {figures['rows']} rows, {figures['windows']} windows")
    if figures["files"] < figures["files_of_all"]:
        yield "Only a part of the corpus is here: these are no scores to compare with others'."
    yield ""
    yield "| profile | threshold by sweep | two folds, threshold of the other | threshold 6 |"
    yield "|---|---|---|---|"
    for profile, row in figures["profiles"].items():
        yield (f"| {profile} | {shown(row['swept'])} at {row['threshold']:.2f} | "
               f"{shown(row['held_out'])} | {shown(row['default'])} |")


def faults(figures):
    yield (f"{figures['detector']}, threshold {figures['threshold']}, refractory "
           f"{figures['refractory']}: {figures['runs']} runs of each")
    yield ""
    yield "| fault | " + " | ".join(figures["baselines"]) + " |"
    yield "|---|" + "---|" * len(figures["baselines"])
    for fault, row in figures["faults"].items():
        cells = (f"{cell['found']} of {figures['runs']}" +
                 (f", after {cell['delay']}" if cell["found"] else "") for cell in row)
        yield f"| {fault} | " + " | ".join(cells) + " |"
    yield ("| *false alarms per week* | " +
           " | ".join(f"{value:.3f}" for value in figures["false_alarms"]) + " |")
