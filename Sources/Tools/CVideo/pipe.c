// Frames without any container, from a pipe; and the user's wish to end.
#include <signal.h>
#include <unistd.h>

#include "failure.h"

static volatile sig_atomic_t interruptions;

static void note(int signal_number) {
  (void)signal_number;
  interruptions = 1;
}

void espalier_interruption_watch(void) {
  // No SA_RESTART: what waits for a frame is to look up. After the first one the usual thing happens.
  struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  // Parents that start programs from worker threads hand down signals that are blocked.
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGTERM);
  pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
}

int espalier_interruption_noted(void) { return interruptions; }

int espalier_pipe_read(int file, uint8_t *bytes, size_t count, char *message) {
  size_t found = 0;
  while (found < count) {
    if (interruptions) return ESPALIER_VIDEO_END;
    const ssize_t step = read(file, bytes + found, count - found);
    if (step > 0) {
      found += (size_t)step;
    } else if (step == 0) {
      if (found == 0) return ESPALIER_VIDEO_END;
      espalier_video_fail(message, "the last frame is cut off: %zu of %zu bytes; is --size right?", found, count);
      return ESPALIER_VIDEO_FAILED;
    } else if (errno != EINTR) {
      espalier_video_fail(message, "%s", strerror(errno));
      return ESPALIER_VIDEO_FAILED;
    }
  }
  return ESPALIER_VIDEO_FRAME;
}
