  .section .flash.files, "a"
  .global model_start, model_end, tokenizer_start, tokenizer_end
  .align 16
model_start: .incbin MODEL
model_end:
  .align 16
tokenizer_start: .incbin TOKENIZER
tokenizer_end:
