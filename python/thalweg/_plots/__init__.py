"""Plots of histories and of objectives.

The core makes figures as plain data (the crate thalweg-view) and hands them over as JSON text; here the
user's results become columns of numbers, and figures become objects of a plotting package.

* `criterion`, `params`, `slice`, `slice_3d`: one public function each.
* `_results`, `_evaluate`: from results, logs and objectives to columns.
* `_render`: which back end draws.
* `_plotly`, `_matplotlib`, `_bokeh`, `_altair`, `_native`: one back end each, with `draw` and
  `check_template`. No plotting package is imported before a figure is drawn.
"""
