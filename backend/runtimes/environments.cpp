#include "backend/runtimes/environments.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <QSet>
#include <QStringList>

#include <algorithm>
#include <optional>
#include <utility>

namespace farcell {

namespace {

constexpr qint64 maxFileBytes = 1024LL * 1024;
constexpr int maxFolders = 2000; // looked into, of one folder
constexpr auto namePrefix = QLatin1String("env-");

QStringList linesOf(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly) || file.size() > maxFileBytes)
        return {};
    return QString::fromUtf8(file.readAll()).split(u'\n', Qt::SkipEmptyParts);
}

QStringList foldersIn(const QString &path)
{
    QStringList names = QDir(path).entryList(QDir::Dirs | QDir::Hidden | QDir::NoDotAndDotDot);
    if (names.size() > maxFolders)
        names.resize(maxFolders);
    for (QString &name : names)
        name = path + u'/' + name;
    return names;
}

// "home = /usr/bin" of pyvenv.cfg
QString settingOf(const QStringList &lines, const QString &name)
{
    for (const QString &line : lines) {
        const qsizetype at = line.indexOf(u'=');
        if (at > 0 && QStringView(line).left(at).trimmed() == name)
            return line.mid(at + 1).trimmed();
    }
    return {};
}

bool isPackageIn(const QString &packages)
{
    return QFileInfo::exists(packages + QStringLiteral("/ipykernel_launcher.py"));
}

// lib/python3.11, lib/python3, …
QStringList pythonFolders(const QString &prefix)
{
    QStringList folders =
        QDir(prefix + QStringLiteral("/lib")).entryList({QStringLiteral("python3*")}, QDir::Dirs);
    for (QString &folder : folders)
        folder = prefix + QStringLiteral("/lib/") + folder;
    return folders;
}

bool hasIpykernel(const QString &prefix)
{
    const QStringList folders = pythonFolders(prefix);
    return std::any_of(folders.begin(), folders.end(), [](const QString &folder) {
        return isPackageIn(folder + QStringLiteral("/site-packages")) ||
               isPackageIn(folder + QStringLiteral("/dist-packages"));
    });
}

// "3.11.2" of "3.11.2.final.0"
QString versionIn(const QString &text)
{
    static const QRegularExpression version(QStringLiteral("\\d+\\.\\d+(\\.\\d+)?"));
    return version.match(text).captured();
}

QString condaVersion(const QString &path)
{
    static const QRegularExpression file(QStringLiteral("^python-\\d"));
    const QStringList packages = QDir(path + QStringLiteral("/conda-meta"))
                                     .entryList({QStringLiteral("python-*.json")}, QDir::Files)
                                     .filter(file);
    return packages.isEmpty() ? QString() : versionIn(packages.first());
}

// A name that stays, that no installed kernelspec has, and that tells which one it is.
QString nameOf(const QString &label, const QString &path)
{
    static const QRegularExpression other(QStringLiteral("[^a-z0-9._]+"));
    constexpr int digits = 6;
    const QByteArray hash =
        QCryptographicHash::hash(QFile::encodeName(path), QCryptographicHash::Sha256).toHex();
    return namePrefix + label.toLower().replace(other, QStringLiteral("-")).left(40) + u'-' +
           QString::fromLatin1(hash.left(digits));
}

// A folder called .venv says nothing; the project around it does.
QString labelOf(const QString &path)
{
    const QString name = path.section(u'/', -1);
    const bool isUsual = name == u".venv" || name == u"venv" || name == u"env";
    const QString outer = path.section(u'/', -2, -2);
    return isUsual && !outer.isEmpty() ? outer : name;
}

std::optional<api::Environment> environmentAt(const QString &path)
{
    if (!QFileInfo(path + QStringLiteral("/bin/python")).isExecutable())
        return std::nullopt;
    api::Environment environment;
    environment.path = QFileInfo(path).canonicalFilePath();
    environment.hasIpykernel = hasIpykernel(path);
    const QStringList settings = linesOf(path + QStringLiteral("/pyvenv.cfg"));
    if (!settings.isEmpty()) {
        environment.kind = QStringLiteral("virtualenv");
        environment.python = versionIn(settingOf(settings, QStringLiteral("version")) + u' ' +
                                       settingOf(settings, QStringLiteral("version_info")));
        const QString base = QFileInfo(settingOf(settings, QStringLiteral("home"))).path();
        if (settingOf(settings, QStringLiteral("include-system-site-packages")) == u"true")
            environment.hasIpykernel = environment.hasIpykernel || hasIpykernel(base) ||
                                       hasIpykernel(base + QStringLiteral("/local"));
    } else if (QFileInfo(path + QStringLiteral("/conda-meta")).isDir()) {
        environment.kind = QStringLiteral("conda");
        environment.python = condaVersion(path);
    } else if (path.contains(QLatin1String("/versions/"))) {
        environment.kind = QStringLiteral("pyenv");
        environment.python = versionIn(path.section(u'/', -1));
    } else {
        return std::nullopt;
    }
    environment.name = nameOf(labelOf(environment.path), environment.path);
    const QString label =
        environment.kind == u"pyenv" ? environment.kind : labelOf(environment.path);
    environment.displayName =
        environment.python.isEmpty()
            ? label
            : QString(label + QStringLiteral(" (Python ") + environment.python + u')');
    return environment;
}

// Where people and tools keep them.
QStringList candidates(const QString &root)
{
    QStringList paths;
    const QString home = qEnvironmentVariable("HOME");
    const auto addProjects = [&paths](const QString &folder) {
        for (const QString &inner : foldersIn(folder)) {
            paths << inner;
            for (const char *name : {"/.venv", "/venv", "/env"})
                paths << inner + QLatin1String(name);
        }
    };
    addProjects(root);
    const QString workOn = qEnvironmentVariable("WORKON_HOME");
    if (!workOn.isEmpty())
        paths << foldersIn(workOn);
    const QString pyenv = qEnvironmentVariable("PYENV_ROOT");
    if (!pyenv.isEmpty())
        paths << foldersIn(pyenv + QStringLiteral("/versions"));
    QStringList condas = {QStringLiteral("/opt/conda")};
    if (!home.isEmpty()) {
        if (QFileInfo(home).canonicalFilePath() != QFileInfo(root).canonicalFilePath())
            addProjects(home);
        for (const char *folder : {"/.virtualenvs", "/.local/share/virtualenvs",
                                   "/.cache/pypoetry/virtualenvs", "/.pyenv/versions"})
            paths << foldersIn(home + QLatin1String(folder));
        for (const char *folder : {"/miniconda3", "/anaconda3", "/miniforge3", "/mambaforge"})
            condas << home + QLatin1String(folder);
        paths << linesOf(home + QStringLiteral("/.conda/environments.txt"));
    }
    for (const QString &conda : std::as_const(condas)) {
        paths << conda;
        paths << foldersIn(conda + QStringLiteral("/envs"));
    }
    return paths;
}

KernelSpec specOf(const api::Environment &environment)
{
    KernelSpec spec;
    spec.name = environment.name;
    spec.displayName = environment.displayName;
    spec.language = QStringLiteral("python");
    // Where ipykernel puts its pictures.
    spec.directory = environment.path + QStringLiteral("/share/jupyter/kernels/python3");
    spec.argv = {environment.path + QStringLiteral("/bin/python"), QStringLiteral("-m"),
                 QStringLiteral("ipykernel_launcher"), QStringLiteral("-f"),
                 QStringLiteral("{connection_file}")};
    // As if it were activated: `!pip` and what it installs are its own.
    spec.environment.insert(QStringLiteral("PATH"),
                            environment.path + QStringLiteral("/bin:${PATH}"));
    spec.environment.insert(environment.kind == u"conda" ? QStringLiteral("CONDA_PREFIX")
                                                         : QStringLiteral("VIRTUAL_ENV"),
                            environment.path);
    nlohmann::json argv = nlohmann::json::array();
    for (const QString &argument : std::as_const(spec.argv))
        argv.push_back(argument.toStdString());
    nlohmann::json variables = nlohmann::json::object();
    for (auto it = spec.environment.cbegin(); it != spec.environment.cend(); ++it)
        variables[it.key().toStdString()] = it.value().toStdString();
    spec.json = {{"argv", std::move(argv)},
                 {"env", std::move(variables)},
                 {"metadata", {{"farcell_environment", api::toJson(environment)}}}};
    return spec;
}

} // namespace

Environments::Environments(QString root)
    : m_root(std::move(root))
{}

std::vector<api::Environment> Environments::found(const std::vector<KernelSpec> &known) const
{
    QSet<QString> taken; // also those that somebody has made a kernelspec of
    for (const KernelSpec &spec : known) {
        if (spec.argv.first().startsWith(u'/'))
            taken << QFileInfo(QFileInfo(spec.argv.first()).path() + u"/..").canonicalFilePath();
    }
    std::vector<api::Environment> environments;
    const QStringList paths = candidates(m_root);
    for (const QString &path : paths) {
        if (!path.startsWith(u'/'))
            continue;
        auto environment = environmentAt(QDir::cleanPath(path.trimmed()));
        if (!environment || taken.contains(environment->path))
            continue;
        taken << environment->path;
        environments.push_back(*std::move(environment));
    }
    std::sort(environments.begin(), environments.end(),
              [](const api::Environment &a, const api::Environment &b) {
                  return std::pair(a.displayName, a.path) < std::pair(b.displayName, b.path);
              });
    return environments;
}

std::vector<api::Environment> Environments::all() const
{
    const std::vector<KernelSpec> installed = findKernelSpecs();
    std::vector<api::Environment> environments;
    environments.reserve(installed.size());
    for (const KernelSpec &spec : installed)
        environments.push_back({spec.name, spec.displayName, QStringLiteral("kernelspec"),
                                spec.directory, QString(), true});
    for (api::Environment &environment : found(installed))
        environments.push_back(std::move(environment));
    return environments;
}

std::vector<KernelSpec> Environments::specs() const
{
    std::vector<KernelSpec> specs = findKernelSpecs();
    for (const api::Environment &environment : found(specs)) {
        if (environment.hasIpykernel)
            specs.push_back(specOf(environment));
    }
    return specs;
}

Result<KernelSpec> Environments::spec(const QString &name) const
{
    auto installed = findKernelSpec(name);
    if (installed || !name.startsWith(namePrefix))
        return installed;
    for (const api::Environment &environment : found({})) {
        if (environment.name == name && environment.hasIpykernel)
            return specOf(environment);
    }
    return installed;
}

} // namespace farcell
