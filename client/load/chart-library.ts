/** The one place that knows uPlot: its code and style as text, read from the installed package. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface ChartLibrary {
  readonly script: string;
  readonly style: string;
}

export function readChartLibrary(): ChartLibrary {
  const folder = path.dirname(require.resolve('uplot'));
  return {
    script: readFileSync(path.join(folder, 'uPlot.iife.min.js'), 'utf8'),
    style: readFileSync(path.join(folder, 'uPlot.min.css'), 'utf8'),
  };
}
