/* SPDX-License-Identifier: MIT */
/* Devices by name and by handle, as the guest's bindings see them. */
#include "check.h"
#include "manifest.h"

#include "guest/acquire.h"
#include "lib/manifest.h"

static MANIFEST_OF(5) made = {
    .version = MFT_VERSION,
    .entries = 5,
    .e = {
        {.type = MFT_RESERVED_FIRST},
        {.name = "storage", .type = MFT_BLOCK_BASIC, .attached = 1},
        {.name = "uplink", .type = MFT_NET_BASIC, .attached = 1},
        {.name = "loose", .type = MFT_LINE},
        {.name = "both", .type = MFT_BLOCK_BASIC, .attached = 1},
    },
};

static void a_name_is_found_by_its_type(void)
{
    CHECK_EQUAL(manifest_find(&made.head, "storage", MFT_BLOCK_BASIC), 1);
    CHECK_EQUAL(manifest_find(&made.head, "storage", MFT_NET_BASIC), 0);
    CHECK_EQUAL(manifest_find(&made.head, "stor", MFT_BLOCK_BASIC), 0);
    CHECK_EQUAL(manifest_find(&made.head, "", MFT_RESERVED_FIRST), 0);
    CHECK_EQUAL(manifest_find(&made.head, "loose", MFT_LINE), 3);
}

static void a_handle_is_good_for_an_attached_device_of_its_type(void)
{
    CHECK(manifest_attached(&made.head, 2, MFT_NET_BASIC) == &made.e[2]);
    CHECK(!manifest_attached(&made.head, 2, MFT_BLOCK_BASIC));
    CHECK(!manifest_attached(&made.head, 3, MFT_LINE));
    CHECK(!manifest_attached(&made.head, 5, MFT_BLOCK_BASIC));
    CHECK(!manifest_attached(&made.head, UINT64_MAX, MFT_BLOCK_BASIC));
    CHECK(!manifest_attached(NULL, 1, MFT_BLOCK_BASIC));
}

static void a_device_is_acquired_once(void)
{
    solo5_handle_t handle = 77;

    acquire_start(&made.head);
    CHECK(acquire("storage", MFT_BLOCK_BASIC, &handle) == &made.e[1]);
    CHECK_EQUAL(handle, 1);
    handle = 77;
    CHECK(!acquire("storage", MFT_BLOCK_BASIC, &handle));
    CHECK(!acquire("uplink", MFT_BLOCK_BASIC, &handle));
    CHECK(!acquire("nobody", MFT_NET_BASIC, &handle));
    CHECK(!acquire("loose", MFT_LINE, &handle));
    CHECK_EQUAL(handle, 77);
}

static void only_what_was_acquired_can_be_used(void)
{
    solo5_handle_t handle;

    acquire_start(&made.head);
    CHECK(!acquired(1, MFT_BLOCK_BASIC));
    CHECK(acquire("both", MFT_BLOCK_BASIC, &handle));
    CHECK(acquired(handle, MFT_BLOCK_BASIC) == &made.e[4]);
    CHECK(!acquired(handle, MFT_NET_BASIC));
    CHECK(!acquired(1, MFT_BLOCK_BASIC));
    CHECK(!acquired(64, MFT_BLOCK_BASIC));
    CHECK(!acquired(UINT64_MAX, MFT_BLOCK_BASIC));
}

static void without_a_manifest_there_are_no_devices(void)
{
    solo5_handle_t handle;

    acquire_start(NULL);
    CHECK(!acquire("storage", MFT_BLOCK_BASIC, &handle));
    CHECK(!acquired(1, MFT_BLOCK_BASIC));
}

int main(void)
{
    a_name_is_found_by_its_type();
    a_handle_is_good_for_an_attached_device_of_its_type();
    a_device_is_acquired_once();
    only_what_was_acquired_can_be_used();
    without_a_manifest_there_are_no_devices();
    return 0;
}
