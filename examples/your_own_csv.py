"""Your own questions, answered: a CSV file in, an Alpaca data set out, in ten lines of plain Python.

Without arguments six questions are answered from a recording. Name your file (its columns are named below) and a model
for your own:

    python examples/your_own_csv.py
    python examples/your_own_csv.py questions.csv openai/NAME
"""

import sys
from pathlib import Path

from instructgen import File, Filter, Length, Pipeline, Respond, engine

HERE = Path(__file__).parent
if len(sys.argv) not in (1, 3):
    sys.exit("usage: your_own_csv.py [CSV ENGINE], where ENGINE is openai/NAME, openai/NAME@URL or recorded/PATH")
table, teacher = sys.argv[1:] or (HERE / "data" / "questions.csv", f"recorded/{HERE}/recordings/your_own_csv.jsonl")
questions = File(Path(table), columns={"instruction": "question", "input": "text"})
pipeline = Pipeline(questions, [Respond(engine(str(teacher))), Filter(Length(1, 300, field="output"))])
run = pipeline.run(f"runs/{Path(table).stem}")
print(run)
print(run.export("alpaca", "your_own.json"), "examples written to your_own.json")
