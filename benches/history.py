"""Memory and time of histories, beside the raw numbers and beside optimagic in the same run.

Each case runs in a process of its own, whose processor time and largest resident memory are measured: memory of
recording (the run itself, its result included), of printing the report, and of pickling, without what the run needs
when it keeps no history (optimagic needs as much then, so that nothing is taken off there). The raw bytes are those of
the parameters and of 33 more per evaluation: value, start, stop, batch and task. A row's time is what the history adds
to an evaluation. Needs Linux.

    python benches/history.py            # a million evaluations of 100 parameters; optimagic with fewer
    python benches/history.py --quick    # a tenth of it
"""

import argparse
import json
import subprocess
import sys
import textwrap

CASES = [(1_000_000, 100), (1_000_000, 10), (1_000_000, 1)]
OPTIMAGIC = [(20_000, 100), (20_000, 10)]  # it takes some 100 us an evaluation

# Differential evolution keeps nothing that grows with the evaluations, and never converges on this objective.
ASK = textwrap.dedent("""
    import gc, json, sys, time
    import numpy as np

    def memory(field):
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))

    def forget_peak():
        gc.collect()
        with open("/proc/self/clear_refs", "w") as control:
            control.write("5")
        return memory("VmRSS")

    def peak():
        return memory("VmHWM")

    def fun(x):
        return float(np.sin(1e6 * x[0]))

    n_evals, n_params, history = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "on"
""")

THALWEG = ASK + textwrap.dedent("""
    import io, pickle
    import thalweg as om

    class Count(io.RawIOBase):
        written = 0
        def writable(self):
            return True
        def write(self, data):
            size = memoryview(data).nbytes
            self.written += size
            return size

    def run(k, collect):
        return om.minimize(fun, np.ones(n_params), "scipy_differential_evolution",
                           bounds=om.Bounds(lower=-2.0, upper=2.0), collect_history=collect,
                           algo_options={"stopping.maxfun": k, "stopping.maxiter": 10**9, "seed": 1,
                                         "convergence.ftol_rel": 0.0, "convergence.ftol_abs": 0.0})
    run(500, True)
    before = forget_peak()
    begin = time.process_time()
    result = run(n_evals, history)
    seconds = time.process_time() - begin
    out = {"evals": result.n_fun_evals, "seconds": seconds, "recorded": peak() - before}
    if history and len(result.history) > 0:
        str(result)
        out["printed"] = peak() - before
        pickle.Pickler(Count(), protocol=5).dump(result)
        out["pickled"] = peak() - before
    print(json.dumps(out))
""")

PEER = ASK + textwrap.dedent("""
    import optimagic as om

    def run(k):
        return om.minimize(fun, np.ones(n_params), "scipy_differential_evolution",
                           bounds=om.Bounds(lower=np.full(n_params, -2.0), upper=np.full(n_params, 2.0)),
                           collect_history=history,
                           algo_options={"stopping.maxfun": k, "stopping.maxiter": max(1, k // (15 * n_params)),
                                         "convergence.ftol_rel": 0.0, "convergence.ftol_abs": 0.0, "seed": 1})
    str(om.minimize(fun, np.ones(2), "scipy_lbfgsb"))
    before = forget_peak()
    begin = time.process_time()
    result = run(n_evals)
    seconds = time.process_time() - begin
    out = {"evals": result.n_fun_evals, "seconds": seconds, "recorded": peak() - before}
    if history:
        str(result)
        out["printed"] = peak() - before
    print(json.dumps(out))
""")


def measure(script, n_evals, n_params, history="on"):
    command = [sys.executable, "-c", script, str(n_evals), str(n_params), history]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def line(name, n_params, on, off):
    evals = on["evals"]
    raw = evals * (8 * n_params + 33)
    per_row = 1e9 * (on["seconds"] / evals - off["seconds"] / off["evals"])
    # What the run needs without a history is not the history's.
    base = off["recorded"] if name == "thalweg" else 0
    memory = {key: on[key] - base for key in ("recorded", "printed", "pickled") if key in on}
    shown = "".join(
        f"{memory[key] / raw:10.2f}" if key in memory else " " * 10
        for key in ("recorded", "printed", "pickled")
    )
    bytes_each = memory["recorded"] / evals
    each = 1e9 * on["seconds"] / evals
    print(
        f"{name:10}{evals:>10}{n_params:>7}{raw / evals:>9.0f}{bytes_each:>9.0f}{shown}{per_row:>10.0f}{each:>10.0f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the evaluations")
    shrink = 10 if parser.parse_args().quick else 1
    print(
        f"{'':27}{'bytes per row':>18}{'peak memory over raw bytes':>30}{'ns per':>10}{'ns per':>10}"
    )
    heads = ("recorded", "printed", "pickled")
    print(
        f"{'':10}{'evals':>10}{'params':>7}{'raw':>9}{'kept':>9}"
        + "".join(f"{h:>10}" for h in heads)
        + f"{'row':>10}{'eval':>10}"
    )
    for n_evals, n_params in CASES:
        on, off = (measure(THALWEG, n_evals // shrink, n_params, mode) for mode in ("on", "off"))
        line("thalweg", n_params, on, off)
    try:
        import optimagic  # noqa: F401
    except ImportError:
        return
    for n_evals, n_params in OPTIMAGIC:
        for name, script in (("thalweg", THALWEG), ("optimagic", PEER)):
            on, off = (measure(script, n_evals, n_params, mode) for mode in ("on", "off"))
            line(name, n_params, on, off)


if __name__ == "__main__":
    main()
