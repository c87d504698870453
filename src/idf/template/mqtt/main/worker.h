#pragma once

/** Offers the model on the broker of the settings; never returns. */
void worker_run(void);
