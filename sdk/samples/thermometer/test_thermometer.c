/* test_thermometer.c - the thermometer behind a serial port of the PC, on the author's bench. */
#include <string.h>

#include <CUnit/Basic.h>
#include <abbey/bench.h>

static abbey_bench *b;

static void send(const char *text)
{
    for (; *text; text++)
        abbey_out(b, 0x2f8, 1, (uint8_t)*text);
}

/* What the port receives within 100 ms. */
static const char *heard(void)
{
    static char text[100];
    unsigned count = 0;
    for (unsigned i = 0; i < 100; i++) {
        abbey_advance(b, ABBEY_MS);
        while (abbey_in(b, 0x2fd, 1) & 1 && count < sizeof text - 1)
            text[count++] = (char)abbey_in(b, 0x2f8, 1);
    }
    text[count] = 0;
    return text;
}

static void it_answers_in_the_unit_asked_for(void)
{
    b = abbey_bench_machine("abbey: 1\nbackends:\n  thermo: {backend: thermometer, temperature: -150}\n"
                            "devices:\n  com2: {device: ns16550, base: 0x2f8, irq: 3, line: thermo}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_out(b, 0x2fc, 1, 3); /* DTR, RTS */
    send("*IDN?\r");
    CU_ASSERT_STRING_EQUAL(heard(), "EXAMPLE,THERMOMETER,0,1.0\r\n");
    send("MEAS?\r\n");
    CU_ASSERT_STRING_EQUAL(heard(), "-1.50\r\n");
    send("UNIT F\rMEAS?\r");
    CU_ASSERT_STRING_EQUAL(heard(), "+29.30\r\n");
    send("UNIT X\rUNIT K\rMEAS?\r");
    CU_ASSERT_STRING_EQUAL(heard(), "ERROR\r\n+271.65\r\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(abbey_command_run(b, "thermo.set", "{\"celsius\": 100}"), "100"));
    send("MEAS?\r");
    CU_ASSERT_STRING_EQUAL(heard(), "+373.15\r\n");
    abbey_bench_free(b);
}

static void a_line_too_long_does_no_harm(void)
{
    b = abbey_bench_machine("abbey: 1\nbackends:\n  thermo: {backend: thermometer}\n"
                            "devices:\n  com2: {device: ns16550, base: 0x2f8, irq: 3, line: thermo}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_out(b, 0x2fc, 1, 3);
    for (unsigned i = 0; i < 1000; i++)
        send("x");
    send("\rMEAS?\r");
    CU_ASSERT_STRING_EQUAL(heard(), "ERROR\r\n+23.50\r\n");
    abbey_bench_free(b);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("thermometer", NULL, NULL);
    CU_ADD_TEST(suite, it_answers_in_the_unit_asked_for);
    CU_ADD_TEST(suite, a_line_too_long_does_no_harm);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
