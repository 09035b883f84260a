"""What is replaced inside of dbt, why, and what is lost where it has changed.

Nearly all is there for speed: a scenario's own work takes dbt some milliseconds; reading the files of the project and
the profile, checking them against schemas, looking for plugins and listing what the database holds takes it many more.
So each hook stands by itself, and what has changed is left as it is and then takes its time. `patches/` has what stands
in each place.
"""

from pipeproof.patching import Hook, Library

DBT = Library("dbt", "dbt-core", "1.10.2", switched=True)

CORE = Library("dbt", "dbt-core", "1.10.2").hook(
    "no project can be run in this process",
    "dbt.adapters.contracts.connection:Connection",
    "dbt.adapters.contracts.connection:ConnectionState.INIT",
    "dbt.adapters.factory:get_adapter_by_type(adapter_type)",
    "dbt.contracts.graph.manifest:Manifest",
)
"""`runner`: a manifest is copied, a connection opened with the adapter's code. Without them a project is refused."""

SEMANTICS = Library("dbt", "dbt-core", "1.10.2").hook(
    "what a semantic layer lacks is not seen",
    "dbt.contracts.graph.semantic_manifest:SemanticManifest.write_json_to_file(self, file_path)",
)
"""`runner`: dbt refuses some projects only when it writes the semantic manifest, as those without a time spine."""

_SLOWER = "each run of dbt takes longer"


def _speed(name: str) -> Hook:
    return DBT.hook(_SLOWER, name, speed=True)


PLUGINS = _speed("dbt.plugins.manager:PluginManager.get_prefixed_modules(cls)")
PROFILE = _speed("dbt.cli.requires:load_profile(project_root, cli_vars)")
PROJECT = _speed("dbt.cli.requires:load_project(project_root, version_check, profile)")
CONFIGURATION = _speed("dbt.cli.requires:RuntimeConfig.from_parts(cls, project, profile, args)")
FIRING = _speed("dbt_common.events.event_manager:EventManager.fire_event(self, e, level, node)")
EVENTS = DBT.hook(
    _SLOWER,
    "dbt_common.events.base_types:BaseEvent.__init__(self)",
    "dbt_common.events.base_types:BaseEvent.__getattr__(self, key)",
    speed=True,
)
FLAGS = _speed("dbt_common.behavior_flags:BehaviorFlagRendered._default_source()")
TEMPLATES = _speed("dbt_common.clients.jinja:MacroFuzzEnvironment.compile(self, source)")
MACROS = DBT.hook(_SLOWER, "dbt.context.manifest:ManifestContext.to_dict(self)", fields=("_search_order",), speed=True)
SCHEMAS = _speed("dbt.task.runnable:GraphRunnableTask.create_schemas(self, adapter, required_schemas)")
CONTENTS = _speed("dbt.task.runnable:GraphRunnableTask.populate_adapter_cache(self, adapter, required_schemas)")
TREES = DBT.hook(
    "the parsing of a second project of a process takes longer",
    "dbt_common.tests:enable_test_caching()",
    "dbt_common.tests:disable_test_caching()",
    speed=True,
)

SELECTION = DBT.hook(
    "tests of dbt's own that have one name are run together where one is asked for",
    "dbt.graph.selector:NodeSelector.select_nodes(self, spec)",
)
"""`selection`: what is selected by unique id is that alone."""

DIALECTS = Library("dbt", "dbt-core", "1.10.2").hook(
    "the SQL of another warehouse cannot be run",
    "dbt.compilation:Compiler._compile_code(self, node, manifest, extra_context)",
    "dbt.compilation:Compiler._recursively_prepend_ctes(self, model, manifest, extra_context)",
    "dbt.context.providers:BaseDatabaseWrapper._get_adapter_macro_prefixes(self)",
    "dbt.context.providers:BaseDatabaseWrapper.dispatch(self, macro_name)",
    "dbt.context.providers:get_rendered(string, ctx, node)",
    "dbt.config.profile:Profile.to_target_dict(self)",
    "dbt.adapters.base.impl:BaseAdapter.execute(self, sql)",
    "dbt.adapters.base.impl:BaseAdapter.execute_macro(self, macro_name)",
    "dbt.adapters.sql.impl:SQLAdapter.quote(cls, identifier)",
    "dbt.adapters.factory:AdapterContainer.get_adapter_package_names(self, name)",
    "dbt.adapters.factory:get_adapter(config)",
    refuse="the SQL of another warehouse cannot be run",
)
"""`dialects`: a project's SQL in its warehouse's words. Without them a project with a dialect is refused."""

CLOCK = Library("dbt", "dbt-core", "1.10.2").hook(
    "the time of this database cannot be set",
    "dbt.adapters.sql.connections:SQLConnectionManager.add_query(self, sql)",
    refuse="the time of this database cannot be set",
)
"""`clock`: what dbt sends asks for the time that a test sets. Without it `dbt.at` is refused, but on DuckDB."""

CANCELLING = DBT.hook(
    "a query that is under way when a test times out goes on, and holds up the tests after it",
    "dbt.task.runnable:GraphRunnableTask.run_queue(self, pool)",
    "dbt.task.runnable:GraphRunnableTask._cancel_connections(self, pool)",
)
"""`cancelling`: what a test's time-out ends."""

LOOKS = DBT.hook(
    "the project is parsed anew whenever any variable of the environment has changed",
    "dbt_common.context:InvocationContext.env",
    fields=("_env",),
)
"""`parsing`: which of the environment's variables a project depends on."""
