/* The file, null, socket and pty backends of the Linux host. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "tests/unit/host_rig.h"

static struct rig rig;
static char folder[] = "/tmp/abbey-char-XXXXXX";
static char path[64], other[64];

static const char *in_folder(char *text, const char *name)
{
    snprintf(text, sizeof path, "%s/%s", folder, name);
    return text;
}

/* The whole of a file, in a buffer of the caller. */
static size_t slurp(const char *name, char *text, size_t size)
{
    FILE *file = fopen(name, "r");
    size_t got = file ? fread(text, 1, size - 1, file) : 0;
    text[got] = 0;
    if (file)
        fclose(file);
    return got;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    if (file) {
        fputs(text, file);
        fclose(file);
    }
}

/* ---- file ---- */

static void a_file_gets_the_output(void)
{
    char text[64];
    put(in_folder(path, "out"), "old ");
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(rig_create(&rig, "file", "path", path, "append", "true", NULL), 0);
    rig_start(&rig);
    CU_ASSERT_EQUAL(rig_write(&rig, "new", 3), 3);
    rig_close(&rig);
    slurp(path, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "old new");
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(rig_create(&rig, "file", "path", path, NULL), 0);
    rig_write(&rig, "fresh", 5);
    rig_close(&rig); /* although the loop never ran */
    slurp(path, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "fresh");
}

static void a_file_works_on_the_bench(void)
{
    char text[64];
    rig_open(&rig);
    rig.no_loop = true;
    CU_ASSERT_EQUAL_FATAL(rig_create(&rig, "file", "path", in_folder(path, "bench"), NULL), 0);
    rig_write(&rig, "now", 3);
    slurp(path, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "now");
    rig_close(&rig);
}

static void input_waits_for_room(void)
{
    static char text[20001], back[64];
    memset(text, 'i', sizeof text - 1);
    text[0] = '<';
    text[19999] = '>';
    put(in_folder(path, "in"), text);
    rig_open(&rig);
    rig.room = 3;
    CU_ASSERT_EQUAL_FATAL(
        rig_create(&rig, "file", "path", in_folder(other, "out"), "input", in_folder(path, "in"), NULL), 0);
    rig_start(&rig);
    CU_ASSERT(rig_wait(&rig, &rig.received_count, 3));
    usleep(5000);
    rig_lock(&rig);
    CU_ASSERT_EQUAL(rig.received_count, 3); /* no more than it has room for */
    while (rig.received_count < 20000) {    /* a device with room for 1000, emptied by the guest */
        rig.room = 1000;
        abbey_char_accept(rig.chr);
        uint32_t before = rig.received_count;
        rig_unlock(&rig);
        if (!rig_wait(&rig, &rig.received_count, before + 1))
            break;
        rig_lock(&rig);
    }
    rig_unlock(&rig);
    CU_ASSERT_EQUAL(rig.received_count, 20000);
    CU_ASSERT(memcmp(rig.received, text, 20000) == 0);
    CU_ASSERT_EQUAL(rig.opened, 1);
    rig_close(&rig);
    slurp(other, back, sizeof back);
    CU_ASSERT_STRING_EQUAL(back, "");
}

static void a_fifo_needs_no_reader_yet(void)
{
    char text[8] = "";
    in_folder(path, "fifo");
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(rig_create(&rig, "file", "path", path, NULL), 0);
    rig_start(&rig);
    rig_write(&rig, "hello", 5);
    int reader = open(path, O_RDONLY);
    CU_ASSERT_EQUAL(read(reader, text, 5), 5);
    CU_ASSERT_STRING_EQUAL(text, "hello");
    close(reader);
    rig_close(&rig);
}

static void a_bad_path_is_named(void)
{
    rig_open(&rig);
    CU_ASSERT_EQUAL(rig_create(&rig, "file", "path", "/nowhere/at/all", NULL), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.failure, "'/nowhere/at/all': No such file or directory"));
    rig_close(&rig);
    rig_open(&rig);
    in_folder(path, "ok");
    CU_ASSERT_EQUAL(rig_create(&rig, "file", "path", path, "input", "/nowhere/in", NULL), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.failure, "/nowhere/in"));
    rig_close(&rig);
}

static void null_takes_everything(void)
{
    static const abbey_char_client_1 client = { .size = sizeof client };
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(rig_create(&rig, "null", NULL), 0);
    CU_ASSERT_EQUAL(rig_write(&rig, "xyz", 3), 3);
    CU_ASSERT_EQUAL(abbey_char_attach(rig.chr, &client, &rig), -1); /* it has its client */
    rig_close(&rig);
}

/* ---- socket ---- */

static struct sockaddr_un unix_address(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, name, strlen(name));
    return address;
}

static int unix_connect(const char *name)
{
    struct sockaddr_un address = unix_address(name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool read_text(int fd, const char *expected)
{
    char text[64];
    size_t length = strlen(expected), got = 0;
    struct pollfd ask = { .fd = fd, .events = POLLIN };
    while (got < length && poll(&ask, 1, 5000) == 1) {
        ssize_t more = read(fd, text + got, length - got);
        if (more <= 0)
            break;
        got += (size_t)more;
    }
    return got == length && memcmp(text, expected, length) == 0;
}

static void one_client_after_the_other(void)
{
    struct stat st;
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(rig_create(&rig, "socket", "path", in_folder(path, "sock"), NULL), 0);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    rig_start(&rig);
    CU_ASSERT_EQUAL(rig_write(&rig, "to nobody", 9), 9);
    int first = unix_connect(path);
    CU_ASSERT(rig_wait(&rig, &rig.opened, 1));
    rig_write(&rig, "one", 3);
    CU_ASSERT(read_text(first, "one"));
    CU_ASSERT_EQUAL(write(first, "in", 2), 2);
    CU_ASSERT(rig_wait(&rig, &rig.received_count, 2));
    int second = unix_connect(path); /* waits in the backlog */
    CU_ASSERT_EQUAL(write(second, "two", 3), 3);
    usleep(5000);
    CU_ASSERT_EQUAL(rig.opened, 1);
    CU_ASSERT_EQUAL(write(first, "!", 1), 1);
    close(first); /* what it sent last is not lost */
    CU_ASSERT(rig_wait(&rig, &rig.closed, 1));
    CU_ASSERT(rig_wait(&rig, &rig.received_count, 6));
    CU_ASSERT_EQUAL(memcmp(rig.received, "in!two", 6), 0);
    rig_write(&rig, "hi", 2);
    CU_ASSERT(read_text(second, "hi"));
    rig_close(&rig);
    close(second);
    CU_ASSERT_NOT_EQUAL(stat(path, &st), 0); /* taken away */
}

static void a_stale_socket_is_replaced_and_nothing_else(void)
{
    struct sockaddr_un address = unix_address(in_folder(path, "stale"));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL(listen(fd, 1), 0);
    rig_open(&rig); /* somebody serves it */
    CU_ASSERT_EQUAL(rig_create(&rig, "socket", "path", path, NULL), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.failure, "in use"));
    rig_close(&rig);
    close(fd);
    rig_open(&rig); /* he was killed */
    CU_ASSERT_EQUAL(rig_create(&rig, "socket", "path", path, NULL), 0);
    rig_close(&rig);
    put(path, "precious");
    rig_open(&rig);
    CU_ASSERT_EQUAL(rig_create(&rig, "socket", "path", path, NULL), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.failure, "is no socket"));
    rig_close(&rig);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
}

static void a_slow_client_makes_short_writes(void)
{
    static uint8_t block[8192], back[8192];
    uint32_t sent = 0, read_back = 0, taken = 1;
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(rig_create(&rig, "socket", "path", in_folder(path, "slow"), NULL), 0);
    rig_start(&rig);
    int client = unix_connect(path);
    CU_ASSERT(rig_wait(&rig, &rig.opened, 1));
    for (uint32_t i = 0; i < sizeof block; i++)
        block[i] = (uint8_t)(i % 251);
    while (taken && sent < 4u << 20) { /* fills the kernel's buffer, then ours */
        taken = rig_write(&rig, block + sent % 251, 251 * 16);
        sent += taken;
        if (taken < 251 * 16) {
            usleep(20000);
            taken = rig_write(&rig, block + sent % 251, 251);
            sent += taken;
        }
    }
    CU_ASSERT_EQUAL(taken, 0);
    while (read_back < sent) {
        ssize_t got = read(client, back, sizeof back);
        if (got <= 0)
            break;
        for (ssize_t i = 0; i < got; i++)
            if (back[i] != (read_back + (uint32_t)i) % 251) {
                CU_FAIL("a byte is lost or out of order");
                read_back = sent;
                break;
            }
        read_back += (uint32_t)got;
    }
    CU_ASSERT_EQUAL(read_back, sent);
    CU_ASSERT(rig_wait(&rig, &rig.writables, 1));
    close(client);
    CU_ASSERT(rig_wait(&rig, &rig.closed, 1));
    rig_close(&rig);
}

static int tcp_listen(char *name, size_t size)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(fd, (struct sockaddr *)&address, bytes);
    listen(fd, 1);
    getsockname(fd, (struct sockaddr *)&address, &bytes);
    snprintf(name, size, "127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

static void a_tcp_client_connects_again(void)
{
    char name[64];
    int server = tcp_listen(name, sizeof name);
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(rig_create(&rig, "socket", "connect", name, "reconnect", "10", NULL), 0);
    rig_start(&rig);
    for (uint32_t i = 1; i <= 2; i++) {
        int peer = accept(server, NULL, NULL);
        CU_ASSERT(rig_wait(&rig, &rig.opened, i));
        rig_write(&rig, "ping", 4);
        CU_ASSERT(read_text(peer, "ping"));
        close(peer);
        CU_ASSERT(rig_wait(&rig, &rig.closed, i));
    }
    close(server); /* refused from now on; it goes on trying */
    usleep(30000);
    rig_close(&rig);
}

static void a_tcp_server_takes_a_client(void)
{
    char name[64];
    close(tcp_listen(name, sizeof name)); /* a free port */
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(rig_create(&rig, "socket", "listen", name, NULL), 0);
    rig_start(&rig);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    address.sin_port = htons((uint16_t)atoi(strchr(name, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT(rig_wait(&rig, &rig.opened, 1));
    CU_ASSERT_EQUAL(write(fd, "abc", 3), 3);
    CU_ASSERT(rig_wait(&rig, &rig.received_count, 3));
    close(fd);
    CU_ASSERT(rig_wait(&rig, &rig.closed, 1));
    rig_close(&rig);
}

static void wait_holds_the_machine_until_a_client_is_there(void)
{
    in_folder(path, "wait");
    rig_open(&rig);
    pid_t child = fork();
    if (child == 0) {
        int fd;
        while ((fd = unix_connect(path)) < 0)
            usleep(1000);
        (void)!write(fd, "here", 4);
        usleep(2000000);
        _exit(0);
    }
    CU_ASSERT_EQUAL_FATAL(rig_create(&rig, "socket", "path", path, "wait", "true", NULL), 0);
    rig_start(&rig);
    CU_ASSERT(rig_wait(&rig, &rig.received_count, 4));
    CU_ASSERT_EQUAL(rig.opened, 1);
    rig_close(&rig);
}

static void bad_addresses_are_refused(void)
{
    char longer[200];
    memset(longer, 'x', sizeof longer);
    longer[199] = 0;
    static const struct {
        const char *prop, *text, *message;
    } rows[] = {
        { "listen", "nothing", "not host:port" },
        { "listen", "127.0.0.1:", "not host:port" },
        { "listen", "127.0.0.1:99999999", "127.0.0.1:99999999" },
        { "connect", "[::1:80", "[::1:80" },
        { "path", NULL, "the system allows 107" },
        { "path", "", "exactly one of" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_open(&rig);
        CU_ASSERT_EQUAL(
            rig_create(&rig, "socket", rows[i].prop, rows[i].text ? rows[i].text : longer, (char *)NULL), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(rig.failure, rows[i].message));
        rig_close(&rig);
    }
}

/* ---- pty ---- */

static void a_pty_can_be_opened_and_closed(void)
{
    rig_open(&rig);
    CU_ASSERT_EQUAL_FATAL(rig_create(&rig, "pty", "link", in_folder(path, "tty"), NULL), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.logged, "/dev/pts/"));
    rig_start(&rig);
    rig_write(&rig, "unheard", 7);
    for (uint32_t i = 1; i <= 2; i++) {
        int tty = open(path, O_RDWR | O_NOCTTY);
        CU_ASSERT_FATAL(tty >= 0);
        CU_ASSERT(rig_wait(&rig, &rig.opened, i));
        rig_write(&rig, "login:", 6);
        CU_ASSERT(read_text(tty, "login:"));
        CU_ASSERT_EQUAL(write(tty, "me\n", 3), 3);
        CU_ASSERT(rig_wait(&rig, &rig.received_count, 3 * i));
        close(tty);
        CU_ASSERT(rig_wait(&rig, &rig.closed, i));
    }
    CU_ASSERT_EQUAL(memcmp(rig.received, "me\nme\n", 6), 0);
    rig_close(&rig);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
}

static const struct unit_test tests[] = {
    { "file: gets the output, appended or afresh", a_file_gets_the_output },
    { "file: works on the author's bench", a_file_works_on_the_bench },
    { "file: input comes as the device has room", input_waits_for_room },
    { "file: a FIFO needs no reader yet", a_fifo_needs_no_reader_yet },
    { "file: a bad path is named", a_bad_path_is_named },
    { "null: takes everything, has one client", null_takes_everything },
    { "socket: one client after the other, mode 0600, removed at the end", one_client_after_the_other },
    { "socket: a stale socket is replaced, a live one or a file is not", a_stale_socket_is_replaced_and_nothing_else },
    { "socket: a slow client makes short writes and loses nothing", a_slow_client_makes_short_writes },
    { "socket: a TCP client connects again", a_tcp_client_connects_again },
    { "socket: a TCP server takes a client", a_tcp_server_takes_a_client },
    { "socket: wait holds the machine until a client is there", wait_holds_the_machine_until_a_client_is_there },
    { "socket: bad addresses are refused", bad_addresses_are_refused },
    { "pty: can be opened, closed and opened again", a_pty_can_be_opened_and_closed },
};

int main(void)
{
    rig_load();
    if (!mkdtemp(folder))
        return 99;
    int status = unit_main("host character backends", tests, sizeof tests / sizeof tests[0]);
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? status : 99;
}
