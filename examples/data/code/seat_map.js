// Keeps the seats of a small theatre: which are free, which are held for a few minutes, which are sold.

const HOLD_MS = 8 * 60 * 1000;

export class SeatMap {
  #seats = new Map();

  constructor(rows, perRow, now = () => Date.now()) {
    this.now = now;
    for (const row of rows) {
      for (let number = 1; number <= perRow; number += 1) {
        this.#seats.set(`${row}${number}`, { state: "free", until: 0, holder: null });
      }
    }
  }

  hold(names, holder) {
    const seats = names.map((name) => this.#find(name));
    if (seats.some((seat) => this.#state(seat) !== "free")) {
      return false;
    }
    for (const seat of seats) {
      Object.assign(seat, { state: "held", until: this.now() + HOLD_MS, holder });
    }
    return true;
  }

  sell(names, holder) {
    const seats = names.map((name) => this.#find(name));
    if (!seats.every((seat) => this.#state(seat) === "held" && seat.holder === holder)) {
      throw new Error(`${holder} does not hold all of ${names.join(", ")}`);
    }
    seats.forEach((seat) => (seat.state = "sold"));
  }

  /** The longest run of free seats that stand side by side in one row. */
  longestFreeRun(row) {
    let best = [];
    let run = [];
    for (const [name, seat] of this.#seats) {
      if (!name.startsWith(row)) continue;
      run = this.#state(seat) === "free" ? [...run, name] : [];
      if (run.length > best.length) best = run;
    }
    return best;
  }

  #find(name) {
    const seat = this.#seats.get(name);
    if (!seat) throw new RangeError(`there is no seat ${name}`);
    return seat;
  }

  #state(seat) {
    return seat.state === "held" && seat.until <= this.now() ? "free" : seat.state;
  }
}
