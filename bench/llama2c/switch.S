# switch_task(from, to): all windows of this core go to their stacks; then the other task's stack is taken.
  .text
  .align 4
  .global switch_task
  .type switch_task, @function
switch_task:
  entry a1, 32
  mov a4, a2
  movi a2, 0
  syscall
  s32i a1, a4, 0
  s32i a0, a4, 4
  l32i a1, a3, 0
  l32i a5, a3, 4
  beqz a5, 1f
  mov a0, a5
  retw
1:
  l32i a8, a3, 8
  l32i a10, a3, 12
  callx8 a8
