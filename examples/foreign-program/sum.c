/*
 * Two cores add up a table in PSRAM, each a half, and say how long that took: a program for `esp32-llm exec --board`.
 * It needs no library and no start-up code: `exec` calls main with a stack, and takes what it returns as the exit code.
 */
typedef unsigned int word;

#define COUNT 65536
#define SYSTEM_CORE_1 ((volatile word *)0x600C0000) /* clock and reset; the word behind it is the function to call */
#define UART0_FIFO (*(volatile word *)0x60000000)

/* By its name, this section goes to PSRAM (0x3C000000, see board.ld). */
static word table[COUNT] __attribute__((section(".psram")));

static volatile word part[2];
static volatile word done[2];

static word cycles(void)
{
    word now;
    __asm__ volatile("rsr %0, ccount" : "=a"(now));
    return now;
}

static void add(int half)
{
    word sum = 0;
    for (int i = half * COUNT / 2; i < (half + 1) * COUNT / 2; i++)
        sum += table[i];
    part[half] = sum;
    __asm__ volatile("memw");
    done[half] = 1;
}

static void second_core(void)
{
    add(1);
    for (;;)
        ;
}

static void print(const char *text)
{
    while (*text)
        UART0_FIFO = *text++;
}

static void print_hex(word value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        UART0_FIFO = "0123456789abcdef"[value >> shift & 15];
}

int main(void)
{
    for (int i = 0; i < COUNT; i++)
        table[i] = i;

    word start = cycles();
    SYSTEM_CORE_1[1] = (word)second_core;
    SYSTEM_CORE_1[0] = 2; /* clock on, reset and stall off */
    add(0);
    while (!done[1])
        ;
    word taken = cycles() - start;

    print("sum 0x");
    print_hex(part[0] + part[1]);
    print(", 0x");
    print_hex(taken);
    print(" cycles\n");
    return part[0] + part[1] == (word)COUNT / 2 * (COUNT - 1) ? 0 : 1;
}
