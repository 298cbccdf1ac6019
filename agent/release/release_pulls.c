/* How many documents are on their way to printers. Who is told of the first and
 * the last is called under the lock, so that nobody is after on_busy(NULL). */
#include "release_private.h"

static void
tell(struct ph_release_service *service)
{
    uv_mutex_lock(&service->lock);
    if (service->busy != NULL)
        service->busy(service->busy_arg);
    uv_mutex_unlock(&service->lock);
}

bool
release_pull_begin(struct ph_release_service *service)
{
    const uint64_t before = atomic_fetch_add(&service->pulls, 1);

    if (before >= service->pulls_max) {
        atomic_fetch_sub(&service->pulls, 1);
        return false;
    }
    if (before == 0)
        tell(service);
    return true;
}

void
release_pull_end(struct ph_release_service *service)
{
    if (atomic_fetch_sub(&service->pulls, 1) == 1)
        tell(service);
}

void
ph_release_service_on_busy(struct ph_release_service *service,
                           void (*busy)(void *arg), void *arg)
{
    uv_mutex_lock(&service->lock);
    service->busy_arg = arg;
    service->busy = busy;
    uv_mutex_unlock(&service->lock);
}
