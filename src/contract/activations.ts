/** What stands between the two products of the feed-forward: act(gate) * up, or act of the rows alone where there is no gate. */
import type { ACTIVATIONS, PLAIN_ACTIVATIONS } from '../model/index.ts';

type GatedActivation = (typeof ACTIVATIONS)[number];
type PlainActivation = (typeof PLAIN_ACTIVATIONS)[number];

export interface ActivationRow {
  /** `config.activation`. */
  code: number;
  meaning: string;
  /** Kernel of the fixed arithmetic: with the signature of `swiglu`, or without a gate with that of `gelu`. */
  kernel: string;
  /** Function of device/transformer/activation.ts for the float arithmetic. */
  float: string;
  /**
   * Kernel that lists the hidden units whose gate is not zero, with the signature of `relu_list`; only their rows of the up matrix
   * and their columns of the down matrix are read then. Without it every unit is computed, by `kernel`.
   */
  list?: string;
}

/** Of a feed-forward with a gate, and of one without. */
export const activations: Readonly<Partial<Record<GatedActivation, ActivationRow>>> = {
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

export const plainActivations: Readonly<Record<PlainActivation, Omit<ActivationRow, 'list'>>> = {
  gelu: {
    code: 2,
    meaning: 'x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, as in GPT-2 and GPT-Neo; no gate.',
    kernel: 'gelu',
    float: 'geluTanh',
  },
};
