"""The printed report of a result, with the table that judges convergence by the history alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thalweg._multistart import MultistartInfo
    from thalweg._result import OptimizeResult

_ROWS = (
    "relative_criterion_change",
    "relative_params_change",
    "absolute_criterion_change",
    "absolute_params_change",
)

_WINDOWS = ("one_step", "five_steps")
"""Columns of the table: the last accepted step, and the last five."""

_STARS = ((1e-10, "***"), (1e-8, "** "), (1e-5, "*  "))

_FOOTNOTE = (
    "(***: change <= 1e-10, **: change <= 1e-8, *: change <= 1e-5. Change refers to a change "
    "between accepted steps. The first column only considers the last step. The second column "
    "considers the last five steps.)"
)


def report_sections(result: OptimizeResult) -> tuple[list[str], dict[str, list[str]] | None]:
    """The sentences of the report, and the rows of its table if there is one."""
    sentences = [_first_sentence(result)]
    if result.start_fun is not None and result.fun is not None:
        sentences.append(_value_sentence(result))
    if result.multistart_info is not None:
        sentences.append(_multistart_sentence(result.multistart_info))
    if result.message:
        sentences.append(f"The {result.algorithm} algorithm reported: {result.message}")
    report = result.convergence_report
    if report is None:
        return sentences, None
    return sentences, {
        row: [_with_stars(report[column][row]) for column in _WINDOWS] for row in _ROWS
    }


def text_report(result: OptimizeResult) -> str:
    """The report as text."""
    sections, table = report_sections(result)
    if table is not None:
        sections.extend((_introduction(result), _text_table(table), _FOOTNOTE))
    return "\n\n".join(sections)


def html_report(result: OptimizeResult) -> str:
    """The report as HTML, for notebooks: with the table and a plot of the history."""
    from thalweg import _thalweg

    sections, table = report_sections(result)
    history = result.history
    return _thalweg.html_report(
        sections,
        _introduction(result),
        list(_WINDOWS),
        [] if table is None else list(table.items()),
        _FOOTNOTE,
        None if history is None else history._data,
        result.direction == "maximize",
    )


def _first_sentence(result: OptimizeResult) -> str:
    sentence = (
        f"{str(result.direction).capitalize()} with {result.n_free} free parameters terminated"
    )
    if result.success is not None:
        sentence += " successfully" if result.success else " unsuccessfully"
    counters = (
        (result.n_fun_evals, "criterion evaluations"),
        (result.n_jac_evals, "derivative evaluations"),
        (result.n_iterations, "iterations"),
    )
    counted = [f"{count} {name}" for count, name in counters if count is not None]
    if counted:
        sentence += " after " + " and ".join(
            part for part in (", ".join(counted[:-1]), counted[-1]) if part
        )
    return sentence + "."


def _value_sentence(result: OptimizeResult) -> str:
    gain = result.start_fun - result.fun
    improved = gain > 0 if result.direction == "minimize" else gain < 0
    verb = "improved" if improved else "changed"
    return f"The value of criterion {verb} from {float(result.start_fun)} to {float(result.fun)}."


def _multistart_sentence(info: MultistartInfo) -> str:
    failed = f", {len(info.failures)} more failed" if info.failures else ""
    return (
        f"Multistart explored {info.n_exploration_evals} points and made {info.n_optimizations} "
        f"local optimizations{failed}; the best optimum was found {info.n_discoveries} times."
    )


def _introduction(result: OptimizeResult) -> str:
    return (
        f"Independent of the convergence criteria used by {result.algorithm}, the strength of "
        "convergence can be assessed by the following criteria:"
    )


def _with_stars(change: float) -> str:
    stars = next((stars for limit, stars in _STARS if change <= limit), "   ")
    return f"{change:.4g}{stars}"


def _text_table(table: dict[str, list[str]]) -> str:
    """The table as pandas prints a frame of strings with centred heads."""
    blocks = [_left_aligned(["", *table])]
    for number, head in enumerate(_WINDOWS):
        cells = [row[number] for row in table.values()]
        aligned = [" " + cell.rjust(max(map(len, cells))) for cell in cells]
        width = max(len(head), len(aligned[0]))
        blocks.append([cell.center(width) for cell in (head, *aligned)])
    return "\n".join(" ".join(line) for line in zip(*blocks, strict=True))


def _left_aligned(names: list[str]) -> list[str]:
    return [name.ljust(max(map(len, names))) for name in names]
