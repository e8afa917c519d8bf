/**
 * The cosine of two vectors' angle. What an engine computes depends on the CPU's kernels and on what is in the same batch,
 * so that vectors are the same when this is above 0.999.
 */
export function cosine(a: ArrayLike<number> = [], b: ArrayLike<number> = []): number {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, value, index) => sum + value * (y[index] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
