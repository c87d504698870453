/** What stands between the two products of the feed-forward: act(gate) * up. */
import type { Activation } from '../model/index.ts';

export interface ActivationRow {
  /** `config.activation`. */
  code: number;
  meaning: string;
  /** Kernel of the fixed arithmetic, with the signature of `swiglu`. */
  kernel: string;
  /** Function of device/transformer/activation.ts for the float arithmetic. */
  float: string;
  /**
   * Kernel that lists the hidden units whose gate is not zero, with the signature of `relu_list`; only their rows of the up matrix
   * and their columns of the down matrix are read then. Without it every unit is computed, by `kernel`.
   */
  list?: string;
}

export const activations: Readonly<Partial<Record<Activation, ActivationRow>>> = {
  silu: {
    code: 0,
    meaning: 'x / (1 + e^-x): SwiGLU, as in llama.',
    kernel: 'swiglu',
    float: 'silu',
  },
  relu: {
    code: 1,
    meaning: 'max(x, 0): ReGLU.',
    kernel: 'reglu',
    list: 'relu_list',
    float: 'relu',
  },
};
