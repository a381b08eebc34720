// Processes that compete: ended and reaped with this one, by Ctrl-C too.
#define _GNU_SOURCE
#include "measure.h"

#include <signal.h>
#include <sys/wait.h>

enum { LIMIT = 1024 };
static volatile sig_atomic_t competitors[LIMIT];
static volatile sig_atomic_t competitor_count;

void measure_end_competitors(void) {
  const int count = competitor_count;
  competitor_count = 0;
  for (int i = 0; i < count; i++) kill(competitors[i], SIGKILL);
  for (int i = 0; i < count; i++) waitpid(competitors[i], NULL, 0);
}

// Calls nothing but what a signal may interrupt; then the signal does what it would have done.
static void end_and_go_on(int number) {
  measure_end_competitors();
  signal(number, SIG_DFL);
  raise(number);
}

int measure_add_competitor(int process) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  for (unsigned i = 0; competitor_count == 0 && i < sizeof signals / sizeof *signals; i++) {
    struct sigaction action;
    sigaction(signals[i], NULL, &action);
    if (action.sa_handler == SIG_DFL) signal(signals[i], end_and_go_on);
  }
  if (competitor_count == LIMIT) return 1;
  competitors[competitor_count] = process;
  competitor_count = competitor_count + 1;
  return 0;
}
