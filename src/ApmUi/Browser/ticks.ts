// Where the ticks of an axis of time may stand.

const daySeconds = 86_400;

/** Distances of ticks that are easily read: uPlot's own, with 2 s and 2 min, without which a narrow chart of five minutes has one tick. */
export const tickSeconds = [
  .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 28_800, 43_200,
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 30, 60, 90, 120, 180, 365, 730, 1825].map(days => days * daySeconds),
];
