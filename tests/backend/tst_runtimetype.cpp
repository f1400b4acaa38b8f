#include "backend/keeper/controlgroup.h"
#include "backend/keeper/kernelview.h"
#include "backend/runtimes/environments.h"
#include "core/api/runtimetype.h"
#include "tests/support/channelclient.h"
#include "tests/support/fakegpus.h"
#include "tests/support/farcelld.h"

#include <QDir>
#include <QFileInfo>
#include <QScopeGuard>
#include <QTest>

using namespace farcell;
using farcell::test::ChannelClient;
using farcell::test::FakeGpus;
using farcell::test::Farcelld;
using nlohmann::json;

namespace {

constexpr int patienceMs = 60000;
const QStringList fakeNvml = {QStringLiteral("--no-prewarm"), QStringLiteral("--nvml"),
                              QStringLiteral(FAKE_NVML)};
const std::string secondGpu = "GPU-00000000-0000-0000-0000-000000000001";

void write(const QString &path, const QByteArray &text, bool isProgram = false)
{
    (void)QDir().mkpath(QFileInfo(path).path());
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
    if (isProgram)
        file.setPermissions(file.permissions() | QFile::ExeOwner | QFile::ExeUser);
}

QByteArray read(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// What a cell prints.
std::string run(ChannelClient &client, const std::string &code)
{
    const std::string id = client.execute(code);
    (void)QTest::qWaitFor([&] { return client.isDone(id); }, patienceMs);
    return client.text(id);
}

QByteArray idOf(const json &kernel)
{
    return QByteArray::fromStdString(kernel.value("id", ""));
}

} // namespace

// What a kernel may have of its machine: with real kernels, control groups and namespaces, and a
// library in NVML's place.
class TestRuntimeType : public QObject
{
    Q_OBJECT

private slots:
    void init() { m_gpus = std::make_unique<FakeGpus>(); }
    void cleanup() { m_gpus.reset(); }

    void readsResources_data();
    void readsResources();
    void offerRoundTrip();
    void routeTellsTheMachine();
    void aKernelSeesItsGpus();
    void anUnknownGpuIsRefused();
    void aSessionTakesResources();
    void limitsAreWritten();
    void whyNoLimitsIsSaid();
    void limitsHold();
    void environmentsAreFound();
    void anEnvironmentIsStarted();
    void hiddenDevicesAreFound();
    void hiddenDevicesCannotBeOpened();
    void nvidiaSmiIsThere();
    void nvidiaSmiIsNotFaked();
    void noNamespaceIfSo();

private:
    std::unique_ptr<FakeGpus> m_gpus;
};

void TestRuntimeType::readsResources_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected"); // what it is written as, or what the error names
    const QByteArray all = R"({"cpu_limit":null,"gpus":"all","memory_limit":null})";
    QTest::newRow("nothing") << QByteArray("null") << all;
    QTest::newRow("empty") << QByteArray("{}") << all;
    QTest::newRow("nulls") << QByteArray(R"({"gpus": null, "memory_limit": null})") << all;
    QTest::newRow("none") << QByteArray(R"({"gpus": "none", "cpu_limit": 1.5})")
                          << QByteArray(R"({"cpu_limit":1.5,"gpus":"none","memory_limit":null})");
    QTest::newRow("some, one twice")
        << QByteArray(R"({"gpus": ["GPU-1", "MIG-a", "GPU-1"], "memory_limit": 1e9})")
        << QByteArray(R"({"cpu_limit":null,"gpus":["GPU-1","MIG-a"],"memory_limit":1000000000})");
    QTest::newRow("no object") << QByteArray("[]") << QByteArray("farcell must");
    QTest::newRow("an index") << QByteArray(R"({"gpus": [0]})") << QByteArray("farcell.gpus");
    QTest::newRow("no uuid") << QByteArray(R"({"gpus": ["0\n1"]})") << QByteArray("farcell.gpus");
    QTest::newRow("empty list") << QByteArray(R"({"gpus": []})") << QByteArray("farcell.gpus");
    QTest::newRow("memory as text")
        << QByteArray(R"({"memory_limit": "1"})") << QByteArray("farcell.memory_limit");
    QTest::newRow("too little memory")
        << QByteArray(R"({"memory_limit": 1000})") << QByteArray("farcell.memory_limit");
    QTest::newRow("too much memory")
        << QByteArray(R"({"memory_limit": 1e300})") << QByteArray("farcell.memory_limit");
    QTest::newRow("no cores") << QByteArray(R"({"cpu_limit": 0})")
                              << QByteArray("farcell.cpu_limit");
}

void TestRuntimeType::readsResources()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);

    const auto resources = api::kernelResourcesFromJson(json::parse(text.toStdString()));

    QCOMPARE(resources.has_value(), expected.startsWith('{'));
    if (resources)
        QCOMPARE(QByteArray::fromStdString(toJson(*resources).dump()), expected);
    else
        QVERIFY2(resources.error().message.startsWith(QString::fromUtf8(expected)),
                 qPrintable(resources.error().message));
}

void TestRuntimeType::offerRoundTrip()
{
    api::RuntimeOffer offer;
    offer.gpus.driver = QStringLiteral("550.54.15");
    offer.gpus.gpus.resize(1);
    offer.gpus.gpus[0].uuid = QStringLiteral("GPU-1");
    offer.gpus.gpus[0].processes.emplace();
    offer.kernels = {{QStringLiteral("a"), QStringLiteral("b")}};
    offer.memory = 1LL << 40;
    offer.cpus = 64;
    offer.limitReason = QStringLiteral("no");
    offer.environments = {{QStringLiteral("env-x-1"), QStringLiteral("x"), QStringLiteral("conda"),
                           QStringLiteral("/x"), QStringLiteral("3.12.1"), true}};
    offer.nvidiaSmi = QStringLiteral("/usr/bin/nvidia-smi");

    const json told = toJson(offer);
    const auto back = api::runtimeOfferFromJson(told);

    QVERIFY(back.has_value());
    QVERIFY(toJson(*back) == told);
    QVERIFY(!told["gpus"][0].contains("processes") && told["gpus"][0]["kernels"].size() == 2);
    QVERIFY(!api::runtimeOfferFromJson(json::array()));
}

void TestRuntimeType::routeTellsTheMachine()
{
    Farcelld server;
    QVERIFY(server.start(fakeNvml));

    const auto offer = api::runtimeOfferFromJson(server.json("GET", "/api/farcell/runtime"));

    QVERIFY(offer.has_value());
    QCOMPARE(offer->gpus.gpus.size(), std::size_t(2));
    QCOMPARE(offer->gpus.gpus[1].uuid, QString::fromStdString(secondGpu));
    QVERIFY(offer->memory > 1LL << 28);
    QCOMPARE(offer->cpus, QThread::idealThreadCount());
    QCOMPARE(offer->canLimit, offer->limitReason.isEmpty());
    const json features = server.json("GET", "/api/farcell")["features"];
    QVERIFY(std::find(features.begin(), features.end(), "runtime_type") != features.end());
    QCOMPARE(server.ask("GET", "/api/farcell/runtime").status, 200);
    if (Farcelld::hasIpykernel())
        QVERIFY(std::any_of(offer->environments.begin(), offer->environments.end(),
                            [](const api::Environment &one) {
                                return one.name == QStringLiteral("python3") &&
                                       one.kind == QStringLiteral("kernelspec");
                            }));
}

void TestRuntimeType::aKernelSeesItsGpus()
{
    if (!Farcelld::hasIpykernel())
        QSKIP("ipykernel is not installed");
    Farcelld server;
    QVERIFY(server.start(fakeNvml));
    const std::string look = "import os\nprint([os.environ.get(name) for name in "
                             "('CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES')])";
    const json chosen =
        server.json("POST", "/api/kernels",
                    QByteArray::fromStdString(json{{"farcell", {{"gpus", {secondGpu}}}}}.dump()));
    const json none = server.json("POST", "/api/kernels", R"({"farcell": {"gpus": "none"}})");
    const json all = server.json("POST", "/api/kernels");

    ChannelClient client(server.port(), idOf(chosen), true);
    QCOMPARE(run(client, look), "['" + secondGpu + "', '" + secondGpu + "']\n");
    ChannelClient blind(server.port(), idOf(none), true);
    QCOMPARE(run(blind, look), std::string("['', '']\n"));
    QVERIFY(chosen["farcell"]["gpus"] == json::array({secondGpu}));
    QVERIFY(none["farcell"]["gpus"] == "none");
    QVERIFY(all["farcell"] == json::parse(R"({"gpus": "all", "memory_limit": null,
                                              "cpu_limit": null, "limits_refused": null})"));
    json gpus = server.json("GET", "/api/farcell/runtime")["gpus"];
    QVERIFY2(gpus[0]["kernels"] == json::array({all["id"]}), gpus.dump().c_str());
    QCOMPARE(gpus[1]["kernels"].size(), std::size_t(2));

    // The same after a restart of the kernel and of the server.
    QCOMPARE(server.ask("POST", "/api/kernels/" + idOf(chosen) + "/restart").status, 200);
    ChannelClient again(server.port(), idOf(chosen), true);
    QCOMPARE(run(again, look), "['" + secondGpu + "', '" + secondGpu + "']\n");
    server.kill();
    QVERIFY(server.start(fakeNvml));
    QVERIFY(server.json("GET", "/api/kernels/" + idOf(chosen))["farcell"] == chosen["farcell"]);
}

void TestRuntimeType::anUnknownGpuIsRefused()
{
    Farcelld server;
    QVERIFY(server.start(fakeNvml));

    const auto reply =
        server.ask("POST", "/api/kernels", R"({"farcell": {"gpus": ["GPU-nowhere"]}})");

    QCOMPARE(reply.status, 400);
    QVERIFY2(reply.body.contains("There is no GPU GPU-nowhere"), reply.body.constData());
    QCOMPARE(server.ask("POST", "/api/kernels", R"({"farcell": 1})").status, 400);
    QCOMPARE(server
                 .ask("POST", "/api/sessions", R"({"path": "a", "type": "notebook",
        "kernel": {"name": "python3", "farcell": {"cpu_limit": -1}}})")
                 .status,
             400);
    QCOMPARE(server.json("GET", "/api/kernels").size(), std::size_t(0));
}

void TestRuntimeType::aSessionTakesResources()
{
    if (!Farcelld::hasIpykernel())
        QSKIP("ipykernel is not installed");
    Farcelld server;
    QVERIFY(server.start(fakeNvml));
    const json session = server.json("POST", "/api/sessions", R"({"path": "a.ipynb",
        "type": "notebook", "kernel": {"name": "python3", "farcell": {"gpus": "none"}}})");
    QVERIFY2(session["kernel"]["farcell"]["gpus"] == "none", session.dump().c_str());

    const json changed = server.json(
        "PATCH", "/api/sessions/" + QByteArray::fromStdString(session["id"]),
        QByteArray::fromStdString(
            json{{"kernel", {{"name", "python3"}, {"farcell", {{"gpus", {secondGpu}}}}}}}.dump()));

    QVERIFY(changed["kernel"]["farcell"]["gpus"] == json::array({secondGpu}));
    QVERIFY(changed["kernel"]["id"] != session["kernel"]["id"]);
    QTRY_COMPARE_WITH_TIMEOUT(server.json("GET", "/api/kernels").size(), std::size_t(1),
                              patienceMs);
}

// Files of the form that version 2 has; the system's own are in limitsHold.
void TestRuntimeType::limitsAreWritten()
{
    const QTemporaryDir folder;
    const QString mount = folder.path();
    write(mount + QStringLiteral("/cgroup.controllers"), "cpuset cpu memory\n");
    write(mount + QStringLiteral("/cgroup.subtree_control"), "memory cpu\n");
    for (const char *file : {"memory.max", "memory.swap.max", "cpu.max", "cgroup.procs"})
        write(mount + QStringLiteral("/farcell-x/") + QLatin1String(file), {});

    const auto group = ControlGroup::create("farcell-x", {1UL << 30U, 1.5}, mount.toStdString());

    QVERIFY2(group.has_value(), group ? "" : group.error().c_str());
    const QString own = mount + QStringLiteral("/farcell-x/");
    QCOMPARE(read(own + QStringLiteral("memory.max")), QByteArray("1073741824"));
    QCOMPARE(read(own + QStringLiteral("memory.swap.max")), QByteArray("0"));
    QCOMPARE(read(own + QStringLiteral("cpu.max")), QByteArray("150000 100000"));
    QCOMPARE(group->entrances(), (std::vector<std::string>{own.toStdString() + "cgroup.procs"}));
}

void TestRuntimeType::whyNoLimitsIsSaid()
{
    const QTemporaryDir folder;
    const ResourceLimits limits = {1UL << 30U, 0};

    const auto none = ControlGroup::create("farcell-x", limits, folder.path().toStdString());
    write(folder.filePath(QStringLiteral("cgroup.controllers")), "memory\n");
    const auto refused = ControlGroup::create("farcell-x", limits, folder.path().toStdString());

    QVERIFY(!none && !refused);
    QCOMPARE(none.error(), std::string("This system has no control groups for memory"));
    QVERIFY2(refused.error().find("does not permit a control group in " +
                                  folder.path().toStdString()) != std::string::npos,
             refused.error().c_str());
}

void TestRuntimeType::limitsHold()
{
    if (!Farcelld::hasIpykernel())
        QSKIP("ipykernel is not installed");
    Farcelld server;
    QVERIFY(server.start(fakeNvml));
    const json kernel = server.json(
        "POST", "/api/kernels", R"({"farcell": {"memory_limit": 400000000, "cpu_limit": 0.5}})");
    QVERIFY2(kernel["farcell"]["memory_limit"] == 400000000, kernel.dump().c_str());
    const QByteArray one = "/api/kernels/" + idOf(kernel);
    ChannelClient client(server.port(), idOf(kernel), true);
    const std::string groups = run(client, "print(open('/proc/self/cgroup').read())");
    const json offer = server.json("GET", "/api/farcell/runtime");
    const json told = server.json("GET", one)["farcell"];
    if (offer["can_limit"] == false) {
        QVERIFY(told["limits_refused"].is_string());
        QSKIP(
            ("limits are not permitted here: " + offer["limit_reason"].get<std::string>()).c_str());
    }

    QVERIFY2(told["limits_refused"].is_null(), told.dump().c_str());
    QVERIFY2(groups.find("/farcell-" + kernel["id"].get<std::string>()) != std::string::npos,
             groups.c_str());
    QCOMPARE(run(client, "x = bytearray(50_000_000); print(len(x))"), std::string("50000000\n"));
    client.execute("y = bytearray(b'x' * 1_000_000_000)");
    json death;
    QTRY_VERIFY_WITH_TIMEOUT(
        (death = server.json("GET", "/api/farcell/kernels/" + idOf(kernel) + "/death"))
            .contains("cause"),
        patienceMs);
    QVERIFY2(death["cause"] == "oom" && death["sentence"].get<std::string>().find(
                                            "memory limit of 381 MiB") != std::string::npos,
             death.dump().c_str());
    QCOMPARE(server.ask("DELETE", one).status, 204);
    // "4:memory:/a/farcell-…" of version 1, "0::/a/farcell-…" of version 2
    for (const QString &line : QString::fromStdString(groups).split(u'\n')) {
        const QString controller = line.section(u':', 1, 1);
        if (line.contains(QStringLiteral("/farcell-")))
            QVERIFY2(!QFileInfo::exists(QStringLiteral("/sys/fs/cgroup/") + controller +
                                        line.section(u':', 2)),
                     qPrintable(line));
    }
}

void TestRuntimeType::environmentsAreFound()
{
    const QTemporaryDir home;
    const QByteArray before = qgetenv("HOME");
    qputenv("HOME", home.path().toUtf8());
    const auto restore = qScopeGuard([&] { qputenv("HOME", before); });
    const auto make = [&](const QString &path, bool hasIpykernel) {
        write(path + QStringLiteral("/bin/python"), "#!/bin/sh\n", true);
        if (hasIpykernel)
            write(path + QStringLiteral("/lib/python3.12/site-packages/ipykernel_launcher.py"), {});
    };
    const QString root = home.filePath(QStringLiteral("root"));
    make(root + QStringLiteral("/Pro ject/.venv"), true);
    write(root + QStringLiteral("/Pro ject/.venv/pyvenv.cfg"),
          "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n");
    make(home.filePath(QStringLiteral(".virtualenvs/old")), false);
    write(home.filePath(QStringLiteral(".virtualenvs/old/pyvenv.cfg")),
          "home = /nowhere/bin\nversion_info = 3.9.1.final.0\n");
    make(home.filePath(QStringLiteral("elsewhere/torch")), true);
    write(home.filePath(QStringLiteral("elsewhere/torch/conda-meta/python-3.12.1-h9_0.json")), {});
    write(home.filePath(QStringLiteral("elsewhere/torch/conda-meta/python-dateutil-2.9.json")), {});
    write(home.filePath(QStringLiteral(".conda/environments.txt")),
          home.filePath(QStringLiteral("elsewhere/torch")).toUtf8() + "\n/gone\nrelative\n");
    make(home.filePath(QStringLiteral(".pyenv/versions/3.13.0")), true);
    (void)QDir().mkpath(root + QStringLiteral("/data/bin")); // no environment

    const Environments environments(root);
    QMap<QString, api::Environment> found;
    for (const api::Environment &one : environments.all()) {
        if (one.path.startsWith(QFileInfo(home.path()).canonicalFilePath()))
            found.insert(one.displayName, one);
    }

    QCOMPARE(found.keys(), (QStringList{QStringLiteral("Pro ject (Python 3.11.2)"),
                                        QStringLiteral("old (Python 3.9.1)"),
                                        QStringLiteral("pyenv (Python 3.13.0)"),
                                        QStringLiteral("torch (Python 3.12.1)")}));
    QStringList kinds;
    for (const api::Environment &one : std::as_const(found))
        kinds << one.kind;
    QCOMPARE(kinds, (QStringList{QStringLiteral("virtualenv"), QStringLiteral("virtualenv"),
                                 QStringLiteral("pyenv"), QStringLiteral("conda")}));
    const api::Environment torch = found.last();
    const auto spec = environments.spec(torch.name);
    QVERIFY(spec && spec->argv.first() == torch.path + QStringLiteral("/bin/python"));
    QCOMPARE(spec->environment.value(QStringLiteral("CONDA_PREFIX")), torch.path);
    QVERIFY(torch.name.startsWith(QStringLiteral("env-torch-")));
    const api::Environment old = found.value(QStringLiteral("old (Python 3.9.1)"));
    QVERIFY(!old.hasIpykernel && !environments.spec(old.name));
}

void TestRuntimeType::anEnvironmentIsStarted()
{
    if (!Farcelld::hasIpykernel())
        QSKIP("ipykernel is not installed");
    Farcelld server;
    const QString path = server.root() + QStringLiteral("/train/.venv");
    QProcess make;
    make.start(QStringLiteral("/usr/bin/python3"),
               {QStringLiteral("-m"), QStringLiteral("venv"), QStringLiteral("--without-pip"),
                QStringLiteral("--system-site-packages"), path});
    if (!make.waitForFinished(patienceMs) || make.exitCode() != 0)
        QSKIP("this Python makes no virtual environments");
    QVERIFY(server.start());
    const json specs = server.json("GET", "/api/kernelspecs")["kernelspecs"];
    std::string name;
    for (const auto &[key, value] : specs.items()) {
        if (key.rfind("env-train-", 0) == 0)
            name = key;
    }
    QVERIFY2(!name.empty(), specs.dump().c_str());
    QVERIFY(specs[name]["spec"]["metadata"]["farcell_environment"]["kind"] == "virtualenv");

    const json kernel =
        server.json("POST", "/api/kernels", QByteArray::fromStdString(json{{"name", name}}.dump()));

    ChannelClient client(server.port(), idOf(kernel), true);
    const std::string told =
        run(client, "import sys, shutil\nprint(sys.prefix, shutil.which('python'))");
    const std::string real = QFileInfo(path).canonicalFilePath().toStdString();
    QCOMPARE(told, real + ' ' + real + "/bin/python\n");
    QCOMPARE(kernel["name"].get<std::string>(), name);
}

void TestRuntimeType::hiddenDevicesAreFound()
{
    const QTemporaryDir folder;
    for (const char *minor : {"0", "1", "10"})
        write(folder.filePath(QStringLiteral("0000:%1:00.0/information")
                                  .arg(QLatin1String(minor), 2, QLatin1Char('0'))),
              QByteArray("Model: \t\t NVIDIA H100\nIRQ:   \t\t 33\nGPU UUID: \t GPU-") + minor +
                  "\nDevice Minor: \t " + minor + "\n");
    const std::string drivers = folder.path().toStdString();
    using Uuids = std::vector<std::string>;

    QCOMPARE(hiddenDevices(Uuids{"GPU-1"}, drivers), (Uuids{"/dev/nvidia0", "/dev/nvidia10"}));
    QCOMPARE(hiddenDevices(Uuids{}, drivers),
             (Uuids{"/dev/nvidia0", "/dev/nvidia1", "/dev/nvidia10"}));
    QCOMPARE(hiddenDevices(std::nullopt, drivers), Uuids());
    QCOMPARE(hiddenDevices(Uuids{"MIG-1"}, drivers), Uuids());
    QCOMPARE(hiddenDevices(Uuids{"GPU-1"}, "/nowhere"), Uuids());
}

void TestRuntimeType::hiddenDevicesCannotBeOpened()
{
    const QString keeper = QStringLiteral(FARCELL_BIN_DIR "/farcell-keeper");
    const auto view = [&](const QStringList &words) {
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(keeper, QStringList{QStringLiteral("--view")} + words);
        (void)process.waitForFinished(patienceMs);
        return std::pair(process.exitCode(), process.readAll());
    };
    const QStringList hide = {QStringLiteral("--hide"), QStringLiteral("/dev/zero")};
    const auto [status, reason] =
        view(hide + QStringList{QStringLiteral("--check"), QStringLiteral("--")});
    if (status != 0)
        QSKIP(QByteArray("namespaces are not permitted here: " + reason).constData());

    const auto [code, text] =
        view(hide + QStringList{QStringLiteral("--"), QStringLiteral("/bin/sh"),
                                QStringLiteral("sh"), QStringLiteral("-c"),
                                QStringLiteral("head -c 1 /dev/zero; echo $0 $1; exit 7"),
                                QStringLiteral("a"), QStringLiteral("b")});

    QCOMPARE(code, 7);
    QVERIFY2(text.contains("Permission denied") && text.endsWith("a b\n"), text.constData());
    QFile zero(QStringLiteral("/dev/zero"));
    QVERIFY(zero.open(QIODevice::ReadOnly)); // nowhere else
}

void TestRuntimeType::nvidiaSmiIsThere()
{
    if (!Farcelld::hasIpykernel())
        QSKIP("ipykernel is not installed");
    const QTemporaryDir folder;
    const QString tool = folder.filePath(QStringLiteral("nvidia-smi"));
    write(tool, "#!/bin/sh\necho two GPUs, $*\n", true);
    Farcelld server;
    QVERIFY(server.start(fakeNvml + QStringList{QStringLiteral("--nvidia-smi"), tool}));
    const json told = server.json("GET", "/api/farcell/runtime")["nvidia_smi"];
    QCOMPARE(QString::fromStdString(told["path"]), tool);
    if (told["reason"].is_string())
        QSKIP(("namespaces are not permitted here: " + told["reason"].get<std::string>()).c_str());
    const bool wasThere = QFileInfo::exists(QStringLiteral("/opt/bin/nvidia-smi"));
    const json kernel = server.json("POST", "/api/kernels");
    const QByteArray one = "/api/farcell/kernels/" + idOf(kernel);

    ChannelClient client(server.port(), idOf(kernel), true);
    const std::string output = run(client, "import os, sys\n"
                                           "!/opt/bin/nvidia-smi -L\n"
                                           "print(sorted(os.listdir('/opt')), os.getpid())\n"
                                           "print(os.getppid())");
    const std::string pid = std::to_string(server.json("GET", one + "/process")["pid"].get<int>());
    QStringList opt =
        QDir(QStringLiteral("/opt"))
            .entryList(QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot);
    if (!opt.contains(QStringLiteral("bin")))
        opt << QStringLiteral("bin");
    opt.sort();
    const std::string list = "['" + opt.join(QStringLiteral("', '")).toStdString() + "'] " + pid;
    QVERIFY2(wasThere || output.find("two GPUs, -L") != std::string::npos, output.c_str());
    QVERIFY2(output.find(list) != std::string::npos, (output + " / " + list).c_str());
    QCOMPARE(QFileInfo::exists(QStringLiteral("/opt/bin/nvidia-smi")), wasThere); // outside

    // Its end is told as ever.
    client.execute("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)");
    json death;
    QTRY_VERIFY_WITH_TIMEOUT((death = server.json("GET", one + "/death")).contains("signal"),
                             patienceMs);
    QVERIFY2(death["signal"] == SIGSEGV && std::to_string(death["pid"].get<int>()) == pid,
             death.dump().c_str());
}

void TestRuntimeType::nvidiaSmiIsNotFaked()
{
    Farcelld server;
    QProcess &process = server.process();
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("PATH"), QStringLiteral("/nowhere"));
    process.setProcessEnvironment(environment);
    QVERIFY(server.start());
    const json told = server.json("GET", "/api/farcell/runtime")["nvidia_smi"];
    QVERIFY(told["path"].is_null());
    if (!QFileInfo::exists(QStringLiteral("/opt/bin/nvidia-smi")))
        QVERIFY(told["reason"] == "There is no nvidia-smi on this machine");

    Farcelld other;
    QVERIFY(!other.start({QStringLiteral("--nvidia-smi"), QStringLiteral("/nowhere/smi")}));
}

void TestRuntimeType::noNamespaceIfSo()
{
    if (!Farcelld::hasIpykernel())
        QSKIP("ipykernel is not installed");
    if (QFileInfo::exists(QStringLiteral("/opt/bin/nvidia-smi")))
        QSKIP("this machine has /opt/bin/nvidia-smi itself");
    const QString look = QStringLiteral("import os\nprint([os.readlink('/proc/self/ns/' + name) "
                                        "for name in ('mnt', 'user')], "
                                        "os.path.exists('/opt/bin/nvidia-smi'))");
    const QString ours =
        QStringLiteral("['%1', '%2'] False\n")
            .arg(QFile::symLinkTarget(QStringLiteral("/proc/self/ns/mnt")).section(u'/', -1),
                 QFile::symLinkTarget(QStringLiteral("/proc/self/ns/user")).section(u'/', -1));
    Farcelld server;
    QVERIFY(server.start(fakeNvml + QStringList{QStringLiteral("--nvidia-smi"),
                                                QStringLiteral("/bin/true"),
                                                QStringLiteral("--no-namespace")}));
    const json kernel = server.json("POST", "/api/kernels", R"({"farcell": {"gpus": "none"}})");

    ChannelClient client(server.port(), idOf(kernel), true);
    QCOMPARE(QString::fromStdString(run(client, look.toStdString())), ours);
    QVERIFY(server.json("GET", "/api/farcell/runtime")["nvidia_smi"]["reason"] ==
            "The server was started with --no-namespace");
}

QTEST_GUILESS_MAIN(TestRuntimeType)
#include "tst_runtimetype.moc"
