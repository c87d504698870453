/** Public checkpoints that `pull` knows by name. Nothing of them is in this repository. */

/** One file on the Hugging Face hub, or at an address of its own. */
export interface RemoteFile {
  /** Hub repository "owner/name"; absent for a plain address. */
  repository?: string;
  /** Branch, tag or commit of it; default: main. */
  revision?: string;
  /** Path inside the repository, or the whole address. */
  path: string;
  /** Expected SHA-256 in hex, where it is known. */
  sha256?: string;
}

export interface CatalogueEntry {
  about: string;
  model: RemoteFile;
  tokenizer: RemoteFile;
}

const TINYLLAMAS = 'karpathy/tinyllamas';

/** The Llama 2 tokenizer with 32,000 pieces, as llama2.c ships it. */
const LLAMA2_TOKENIZER: RemoteFile = {
  path: 'https://raw.githubusercontent.com/karpathy/llama2.c/master/tokenizer.bin',
  sha256: '50a52ef822ee9e83de5ce9d0be0a025a773d019437f58b5ff9dcafb063ece361',
};

export const catalogue: Readonly<Record<string, CatalogueEntry>> = {
  stories260K: {
    about: '260 thousand parameters, TinyStories, vocabulary 512 (1 MB)',
    model: {
      repository: TINYLLAMAS,
      path: 'stories260K/stories260K.bin',
      sha256: 'b0a507e7ad0f626624f17112325e66691f9076d622e1d3274d103d00299f2696',
    },
    tokenizer: {
      repository: TINYLLAMAS,
      path: 'stories260K/tok512.bin',
      sha256: '037cb335abb25d1fa9e8ecae30ed2a3a8ace9302862ebcdc05d51a6bbb10c312',
    },
  },
  stories15M: {
    about: '15 million parameters, TinyStories, vocabulary 32,000 (61 MB)',
    model: {
      repository: TINYLLAMAS,
      path: 'stories15M.bin',
      sha256: 'cd590644d963867a2b6e5a1107f51fad663c41d79c149fbecbbb1f95fa81f49a',
    },
    tokenizer: LLAMA2_TOKENIZER,
  },
};
