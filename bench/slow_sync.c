/* Makes every sync of a file take as long as on a slow disk: SYNC_MILLISECONDS. Used with LD_PRELOAD. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int slowly(void) {
    const char *text = getenv("SYNC_MILLISECONDS");
    long milliseconds = text ? atol(text) : 0;
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&pause, NULL);
    return 0;
}

int fsync(int file) {
    (void)file;
    return slowly();
}

int fdatasync(int file) {
    (void)file;
    return slowly();
}
