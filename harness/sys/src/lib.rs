//! The ground: what Linux offers, wrapped once.
//!
//! Nothing here knows of cases, labs or submissions; whatever forks, seals or watches stands on it.
//!
//! | module | what lives there |
//! |---|---|
//! | `kind` | the kinds of namespaces and the flags of clone(2) |
//! | `signals` | the signal mask of the calling thread |
//! | `errno` | error numbers and their names |
//! | `directory` | the working directory and new ones |
//! | `pivot` | another root directory |
//! | `descriptors` | closing what a process has inherited |
//! | `inherited` | everything else that a process inherits, set once |
//! | `capability` | capabilities and the sets of the calling thread |
//! | `limit` | resource limits |
//! | `sandbox` | steps of which a sandbox is built |
//! | `numbers` | numbers of system calls that the C library does not name yet |
//! | `mounting` | mount(2), and the calls that do the same |
//! | `cgroup` | cgroups of version 2 for jobs, and their removal |
//! | `wire` | sockets for messages with a descriptor |
//! | `procfs` | what a procfs tells of a task |
//! | `single_threaded` | proof that the process may fork |
//! | `reap` | waits for children, with deadlines |
//! | `foundation` | rules that the engine stands on, asked directly |
//! | `harmless` | system calls in a form that changes nothing, to find who refuses them |
//! | `confinement` | under what a process was started that may refuse calls |
//! | `machine` | facts of the machine that results depend on |

pub mod capability;
pub mod cgroup;
pub mod confinement;
pub mod descriptors;
pub mod directory;
pub mod errno;
pub mod foundation;
pub mod harmless;
pub mod inherited;
pub mod kind;
pub mod limit;
pub mod machine;
pub mod mountinfo;
pub mod mounting;
pub mod numbers;
pub mod pivot;
pub mod procfs;
pub mod reap;
pub mod sandbox;
pub mod signals;
pub mod single_threaded;
pub mod wire;
