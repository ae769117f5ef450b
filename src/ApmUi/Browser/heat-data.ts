// What /ui/data/heat answers: how many requests took how long, over time, in columns; only cells that are not empty.

import { type TimeData } from './chart-data';
import { type Unit } from './format';

export interface HeatData extends TimeData {
  /** Borders of the rows, nanoseconds, ascending; one more than there are rows. */
  borders: number[];
  /** Column, row and counts of each cell. */
  at: number[];
  row: number[];
  count: number[];
  errors: number[];
  /** The traces of a cell; `{from}`, `{to}` (ms), `{min}` and `{max}` (ns) stand for its borders. */
  behind: string;
  /** What the borders are. */
  unit: Unit;
  /** What is counted: `requests`. */
  noun: string;
  /** Rows are of one height, and may be below zero. */
  isLinear: boolean;
}

/** The cells by column and row, so that a pointer finds its own. */
export class HeatGrid {
  readonly rows: number;
  readonly highest: number;
  readonly #cells = new Map<number, number>();

  constructor(readonly data: HeatData) {
    this.rows = Math.max(0, data.borders.length - 1);
    this.highest = data.count.reduce((a, b) => Math.max(a, b), 0);
    data.at.forEach((at, i) => this.#cells.set(at * this.rows + data.row[i]!, i));
  }

  /** Index of a cell in the columns of the data; -1 for an empty one. */
  cell(column: number, row: number): number { return this.#cells.get(column * this.rows + row) ?? -1; }

  count(column: number, row: number): number { const i = this.cell(column, row); return i < 0 ? 0 : this.data.count[i]!; }

  errors(column: number, row: number): number { const i = this.cell(column, row); return i < 0 ? 0 : this.data.errors[i]!; }

  sum(column: number): number {
    let sum = 0;
    for (let row = 0; row < this.rows; row++) sum += this.count(column, row);
    return sum;
  }

  /** The row that holds most requests of a column; -1 when it is empty. */
  fullest(column: number): number {
    let best = -1;
    for (let row = 0; row < this.rows; row++) if (this.count(column, row) > (best < 0 ? 0 : this.count(column, best))) best = row;
    return best;
  }

  /** Lower border, for an axis that has no zero. */
  low(row: number): number { return this.data.isLinear ? this.data.borders[row]! : Math.max(this.data.borders[row]!, this.data.borders[1]! / 2); }

  rowOf(nanos: number): number {
    for (let row = 0; row < this.rows; row++) if (nanos >= this.low(row) && nanos < this.data.borders[row + 1]!) return row;
    return -1;
  }
}
