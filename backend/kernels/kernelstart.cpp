#include "backend/kernels/kernelstart.h"

#include <QProcessEnvironment>

#include <algorithm>

namespace farcell {

namespace {

bool isNameStart(QChar c)
{
    return (c >= u'A' && c <= u'Z') || (c >= u'a' && c <= u'z') || c == u'_';
}

bool isDigit(QChar c)
{
    return c >= u'0' && c <= u'9';
}

bool isVariableName(QStringView name)
{
    return !name.isEmpty() && isNameStart(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [](QChar c) { return isNameStart(c) || isDigit(c); });
}

// ${NAME} in a kernelspec's variables stands for the server's variable.
QString expanded(const QString &value, const QProcessEnvironment &environment)
{
    QString result;
    qsizetype done = 0;
    qsizetype begin = value.indexOf(QStringLiteral("${"));
    while (begin >= 0) {
        const qsizetype end = value.indexOf(u'}', begin);
        const QStringView name = QStringView(value).mid(begin + 2, end < 0 ? 0 : end - begin - 2);
        if (isVariableName(name)) {
            result += QStringView(value).mid(done, begin - done);
            result += environment.value(name.toString());
            done = end + 1;
        }
        begin = value.indexOf(QStringLiteral("${"), std::max(done, begin + 2));
    }
    return result + value.mid(done);
}

// Socket files are faster and private, but not every kernel's library takes them.
bool canUseIpc(const KernelSpec &spec)
{
    const auto metadata = spec.json.find("metadata");
    if (metadata != spec.json.end() && metadata->is_object()) {
        const auto transport = metadata->find("farcell_transport");
        if (transport != metadata->end() && transport->is_string()) {
            return transport->get<std::string>() == "ipc";
        }
    }
    return spec.argv.contains(QStringLiteral("ipykernel_launcher")) ||
           spec.argv.contains(QStringLiteral("ipykernel"));
}

void describeResources(const api::KernelResources &resources, StartDescription &description)
{
    description.limits = {std::uint64_t(resources.memoryLimit.value_or(0)),
                          resources.cpuLimit.value_or(0)};
    if (!resources.gpus) {
        return;
    }
    description.gpus.emplace();
    for (const QString &uuid : *resources.gpus) {
        description.gpus->push_back(uuid.toStdString());
    }
    // CUDA's own variable; the other one is for containers that the kernel starts.
    const std::string visible = resources.gpus->join(u',').toStdString();
    description.environment["CUDA_VISIBLE_DEVICES"] = visible;
    description.environment["NVIDIA_VISIBLE_DEVICES"] = visible;
}

} // namespace

StartDescription describeStart(const KernelSpec &spec, const KernelStart &request,
                               const KernelId &id)
{
    StartDescription description;
    description.kernelId = id.toString().toStdString();
    description.kernelName = spec.name.toStdString();
    description.language = spec.language.toStdString();
    for (const QString &argument : spec.argv) {
        description.argv.push_back(argument.toStdString());
    }
    const QProcessEnvironment system = QProcessEnvironment::systemEnvironment();
    const QStringList names = system.keys();
    for (const QString &name : names) {
        description.environment[name.toStdString()] = system.value(name).toStdString();
    }
    for (auto it = spec.environment.cbegin(); it != spec.environment.cend(); ++it) {
        description.environment[it.key().toStdString()] =
            expanded(it.value(), system).toStdString();
    }
    for (auto it = request.environment.cbegin(); it != request.environment.cend(); ++it) {
        description.environment[it.key().toStdString()] = it.value().toStdString();
    }
    describeResources(request.resources, description);
    description.workingDirectory = request.workingDirectory.toStdString();
    description.resourceDirectory = spec.directory.toStdString();
    description.sessionName = request.sessionName.toStdString();
    description.interruptByMessage = spec.interruptMode == QStringLiteral("message");
    description.useIpc = canUseIpc(spec);
    return description;
}

api::KernelResources resourcesOf(const StartDescription &description)
{
    api::KernelResources resources;
    if (description.limits.memory > 0) {
        resources.memoryLimit = qint64(description.limits.memory);
    }
    if (description.limits.cores > 0) {
        resources.cpuLimit = description.limits.cores;
    }
    if (description.gpus) {
        resources.gpus.emplace();
        for (const std::string &uuid : *description.gpus) {
            *resources.gpus << QString::fromStdString(uuid);
        }
    }
    return resources;
}

bool isKernelId(const KernelId &id)
{
    constexpr qsizetype longest = 64;
    const QString &text = id.toString();
    return !text.isEmpty() && text.size() <= longest && text.front() != u'-' &&
           std::all_of(text.begin(), text.end(), [](QChar c) {
               return (isNameStart(c) && c != u'_') || isDigit(c) || c == u'-';
           });
}

} // namespace farcell
