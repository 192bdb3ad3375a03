# %% [markdown]
# # A data set, step by step
#
# This notebook is kept as a script in the percent format: open it in an editor that knows cells, or turn it into an
# .ipynb with jupytext. It needs no key and no network, because the model is a recording.

# %%
import tempfile
from collections import Counter
from pathlib import Path

from instructgen import Filter, Length, Pipeline, Recorded, Respond, RougeNovelty, SelfInstruct, seeds

EXAMPLES = Path("examples") if Path("examples").exists() else Path()
RUNS = Path(tempfile.mkdtemp())

# %% [markdown]
# ## Seeds
# The package ships 175 tasks in English and as many in Chinese. The recording of this notebook belongs to the first 60.

# %%
first = seeds("en")[:60]
print(Counter(task.meta["family"] for task in first).most_common(5))
print(first[2].instruction)

# %% [markdown]
# ## A pipeline
# A source that writes tasks, a teacher that answers them, and a filter. Nothing is asked before `run`.

# %%
teacher = Recorded(EXAMPLES / "recordings" / "quickstart.jsonl")
source = SelfInstruct(teacher, seeds=first, tasks=14, from_pool=1, lookahead=2, requests=6)
pipeline = Pipeline(source, [Respond(teacher), Filter(Length(1, 250, field="output"))])
run = pipeline.run(RUNS / "first")
print(run)

# %% [markdown]
# ## What was kept, and what was not
# A run shows itself as a table in a notebook. Every rejected example is there too, with what was measured.

# %%
for rejected in run.rejected():
    reject = rejected.reject
    if reject.code == "rouge":
        print(f"{float(reject.value or 0):.2f} above {reject.limit}: {rejected.example.instruction}")

# %%
kept = list(run)
lengths = sorted(len(example.output.split()) for example in kept)
print(f"{len(kept)} kept, their answers {lengths[0]} to {lengths[-1]} words long; median {lengths[len(lengths) // 2]}")

# %% [markdown]
# ## Another threshold costs nothing
# The completions are recorded, so a stricter filter is a new run without a single request.

# %%
strict = Pipeline(source, [Respond(teacher), Filter(Length(1, 80, field="output"), RougeNovelty(0.4))])
stricter = strict.run(RUNS / "stricter")
print(len(run), "→", len(stricter), "kept;", stricter.telemetry["calls"]["new"], "new requests")

# %% [markdown]
# ## For a trainer

# %%
print(run.export("alpaca", RUNS / "alpaca.json"), "rows in alpaca.json")
