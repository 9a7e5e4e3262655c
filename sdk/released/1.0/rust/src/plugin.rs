//! `sluice_plugin!`: makes a plugin of an author's types.
use crate::ffi::{self, sluice_backend_api, sluice_middleware_api, sluice_plugin, sluice_str};
use std::mem::size_of;
use std::os::raw::c_void;

/// What a plugin offers; static data. For `sluice_plugin!`.
#[doc(hidden)]
pub struct Tables {
    pub backend: Option<sluice_backend_api>,
    pub middleware: Option<sluice_middleware_api>,
    pub plugin: sluice_plugin,
}

// Nothing writes to it, and what it points to is static as well.
unsafe impl Sync for Tables {}

impl Tables {
    pub fn find(&'static self, id: sluice_str) -> *const c_void {
        fn of<Table>(table: &'static Option<Table>) -> *const c_void {
            table.as_ref().map_or(std::ptr::null(), |table| (table as *const Table).cast())
        }
        match unsafe { id.bytes() } {
            id if id == ffi::SLUICE_BACKEND_ID.as_bytes() => of(&self.backend),
            id if id == ffi::SLUICE_MIDDLEWARE_ID.as_bytes() => of(&self.middleware),
            _ => std::ptr::null(),
        }
    }
}

#[doc(hidden)]
pub const fn descriptor(
    name: &'static str,
    version: &'static str,
    config_schema: &'static str,
    get_interface: unsafe extern "C" fn(sluice_str) -> *const c_void,
) -> sluice_plugin {
    sluice_plugin {
        struct_size: size_of::<sluice_plugin>() as u32,
        flags: 0,
        abi_major: ffi::SLUICE_ABI_MAJOR,
        abi_minor: ffi::SLUICE_ABI_MINOR,
        name: sluice_str::new(name),
        version: sluice_str::new(version),
        config_schema: sluice_str::new(config_schema),
        get_interface,
    }
}

/// Makes the shared object a plugin; once, anywhere in the crate:
///
/// ```ignore
/// sluice_plugin!("my-plugin", "0.1.0", backend = MyBackend);
/// sluice_plugin!("my-plugin", "0.1.0", middleware = MyMiddleware);
/// sluice_plugin!("my-plugin", "0.1.0", backend = MyBackend, middleware = MyMiddleware);
/// sluice_plugin!("my-plugin", "0.1.0", middleware = MyMiddleware, needs = "sluice.host.store/1");
/// ```
///
/// `needs` names, with blanks between, the interfaces of the host without which the plugin cannot work. With two types the
/// configuration's schema is the backend's. Everything this makes is constant data: no code runs when the plugin is
/// loaded.
#[macro_export]
macro_rules! sluice_plugin {
    ($name:expr, $version:expr, backend = $backend:ty $(, needs = $needs:expr)? $(,)?) => {
        $crate::sluice_plugin!(@make $name, $version, $crate::ffi::SLUICE_KIND_BACKEND,
            <$backend as $crate::Backend>::IS_EXAMPLE, <$backend as $crate::Backend>::CONFIG_SCHEMA,
            Some($crate::backend_table::<$backend>()), None);
        $($crate::sluice_plugin!(@needs $needs);)?
    };
    ($name:expr, $version:expr, middleware = $middleware:ty $(, needs = $needs:expr)? $(,)?) => {
        $crate::sluice_plugin!(@make $name, $version, $crate::ffi::SLUICE_KIND_MIDDLEWARE,
            <$middleware as $crate::Middleware>::IS_EXAMPLE, <$middleware as $crate::Middleware>::CONFIG_SCHEMA,
            None, Some($crate::middleware_table::<$middleware>()));
        $($crate::sluice_plugin!(@needs $needs);)?
    };
    ($name:expr, $version:expr, backend = $backend:ty, middleware = $middleware:ty $(, needs = $needs:expr)? $(,)?) => {
        $crate::sluice_plugin!(@make $name, $version,
            $crate::ffi::SLUICE_KIND_BACKEND | $crate::ffi::SLUICE_KIND_MIDDLEWARE,
            <$backend as $crate::Backend>::IS_EXAMPLE || <$middleware as $crate::Middleware>::IS_EXAMPLE,
            <$backend as $crate::Backend>::CONFIG_SCHEMA,
            Some($crate::backend_table::<$backend>()), Some($crate::middleware_table::<$middleware>()));
        $($crate::sluice_plugin!(@needs $needs);)?
    };
    (@make $name:expr, $version:expr, $kinds:expr, $is_example:expr, $schema:expr, $backend:expr, $middleware:expr) => {
        #[used]
        #[link_section = ".note.sluice"]
        static SLUICE_MANIFEST: $crate::ffi::sluice_manifest = $crate::ffi::sluice_manifest::new(
            $name,
            $version,
            $kinds,
            if $is_example { $crate::ffi::SLUICE_MANIFEST_EXAMPLE } else { 0 },
        );

        static SLUICE_TABLES: $crate::Tables = $crate::Tables {
            backend: $backend,
            middleware: $middleware,
            plugin: $crate::descriptor($name, $version, $schema, sluice_get_interface),
        };

        unsafe extern "C" fn sluice_get_interface(id: $crate::ffi::sluice_str) -> *const ::std::os::raw::c_void {
            SLUICE_TABLES.find(id)
        }

        #[no_mangle]
        pub extern "C" fn sluice_plugin_query(host_major: u32, _: u32) -> *const $crate::ffi::sluice_plugin {
            if host_major == $crate::ffi::SLUICE_ABI_MAJOR {
                &SLUICE_TABLES.plugin
            } else {
                ::std::ptr::null()
            }
        }
    };
    (@needs $needs:expr) => {
        #[used]
        #[link_section = ".note.sluice"]
        static SLUICE_NEEDS: $crate::ffi::sluice_needs<{ $crate::ffi::needs_bytes($needs) }> =
            $crate::ffi::sluice_needs::new($needs);
    };
}
