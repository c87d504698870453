/** The curve, which comes with uPlot when the first one is shown. */
import type { CurveProps } from './curve.tsx';
import { late } from './late.tsx';

export const Curve = late<CurveProps>(async () => (await import('./curve.tsx')).Curve);
