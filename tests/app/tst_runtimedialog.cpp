#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/notebookruntime.h"
#include "app/runtime/gpupicker.h"
#include "app/runtime/runtimetypedialog.h"
#include "app/shell/commandregistry.h"
#include "core/notebook/notebookdocument.h"
#include "tests/support/fakegpus.h"
#include "tests/support/farcelld.h"
#include "tests/support/jupyterserver.h"
#include "tests/support/windowfixture.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QPointer>
#include <QPushButton>
#include <QRadioButton>
#include <QTest>

#include <array>

namespace farcell {

using nlohmann::json;
using test::WindowFixture;
using Accelerator = RuntimeWish::Accelerator;

namespace {

constexpr int patience = 90000;
constexpr qint64 gib = qint64{1} << 30;

const char *const showGpus = "import os\nprint(repr(os.environ.get('CUDA_VISIBLE_DEVICES')))";

api::RuntimeOffer offerOf(const QStringList &gpus, qint64 memory)
{
    api::RuntimeOffer offer;
    for (const QString &name : gpus) {
        api::GpuDevice gpu;
        gpu.name = name;
        offer.gpus.gpus.push_back(gpu);
    }
    if (gpus.isEmpty())
        offer.gpus.reason = QStringLiteral("no NVIDIA driver is loaded");
    offer.memory = memory;
    return offer;
}

} // namespace

// "Change runtime type" on a real farcelld whose GPUs come from a file, and on a Jupyter server.
class TestRuntimeDialog : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void cleanup();
    void readsColabsKeys_data();
    void readsColabsKeys();
    void writesColabsKeys();
    void typesOfGpus_data();
    void typesOfGpus();
    void saysWhatIsLacking_data();
    void saysWhatIsLacking();
    void aChosenGpuIsTheOnlyOneSeen();
    void twoKernelsOnOneGpuAreShown();
    void noneHidesTheGpusAndIsRemembered();
    void limitsThatAreNotPermittedAreSaid();
    void aMachineWithoutGpuIsToldOf();
    void aPlainJupyterServerIsSaidToBeOne();

private:
    void start(int gpus);
    NotebookView *open(const QByteArray &metadata, const QList<QByteArray> &sources);
    RuntimeTypeDialog *openDialog();
    template <typename T>
    static T *part(const RuntimeTypeDialog *dialog, const char *name)
    {
        return dialog->findChild<T *>(QLatin1String(name));
    }
    static bool runAndWait(const NotebookView &view, int cell);
    [[nodiscard]] static QString textOf(const NotebookView &view, int cell);
    static bool saves(RuntimeTypeDialog *dialog);

    std::unique_ptr<test::FakeGpus> m_gpus;
    std::unique_ptr<test::Farcelld> m_server;
    std::unique_ptr<WindowFixture> m_app;
};

void TestRuntimeDialog::initTestCase()
{
    QLocale::setDefault(QLocale::c());
    if (!test::Farcelld::hasIpykernel())
        QSKIP("no ipykernel: whole test");
}

void TestRuntimeDialog::cleanup()
{
    m_app.reset();
    m_server.reset();
    m_gpus.reset();
}

void TestRuntimeDialog::start(int gpus)
{
    m_gpus = std::make_unique<test::FakeGpus>();
    m_gpus->state["gpus"] = json::array();
    for (int i = 0; i < gpus; ++i)
        m_gpus->state["gpus"].push_back(test::FakeGpus::h100(i));
    m_gpus->write();
    m_server = std::make_unique<test::Farcelld>();
    QVERIFY(m_server->start(
        {QStringLiteral("--no-prewarm"), QStringLiteral("--nvml"), QStringLiteral(FAKE_NVML)}));
    m_app = std::make_unique<WindowFixture>();
    m_app->makeWindow();
    m_app->connectTo(m_server->port());
}

NotebookView *TestRuntimeDialog::open(const QByteArray &metadata, const QList<QByteArray> &sources)
{
    QByteArray text = WindowFixture::notebook(sources);
    text.replace(R"("metadata": {},
 "nbformat")",
                 QByteArray("\"metadata\": " + metadata + ",\n \"nbformat\""));
    WindowFixture::write(m_server->root() + QStringLiteral("/n.ipynb"), text);
    m_app->window().openOnRuntime(m_app->runtimes().preferred(), QStringLiteral("n.ipynb"));
    return QTest::qWaitFor([this] { return m_app->window().usableNotebook() != nullptr; }, patience)
               ? m_app->window().usableNotebook()
               : nullptr;
}

// Once the runtime has told what there is.
RuntimeTypeDialog *TestRuntimeDialog::openDialog()
{
    m_app->window().commands().trigger(QStringLiteral("runtime.type"));
    auto *dialog = m_app->window().findChild<RuntimeTypeDialog *>();
    const bool isReady =
        dialog &&
        QTest::qWaitFor(
            [dialog] { return part<QPushButton>(dialog, "saveRuntimeType")->isEnabled(); },
            patience);
    return isReady ? dialog : nullptr;
}

bool TestRuntimeDialog::saves(RuntimeTypeDialog *dialog)
{
    QPointer<RuntimeTypeDialog> gone(dialog);
    QTest::mouseClick(part<QPushButton>(dialog, "saveRuntimeType"), Qt::LeftButton);
    return QTest::qWaitFor([&gone] { return gone.isNull(); }, patience);
}

QString TestRuntimeDialog::textOf(const NotebookView &view, int cell)
{
    QString text;
    for (const Output &output : view.document().cellAt(cell).outputs.items())
        text += output.text;
    return text;
}

bool TestRuntimeDialog::runAndWait(const NotebookView &view, int cell)
{
    const std::array ids{view.document().cellAt(cell).id};
    view.document().clearOutputs(ids);
    view.kernel().run({ids[0]});
    return QTest::qWaitFor([&] { return textOf(view, cell).endsWith(u'\n'); }, patience);
}

void TestRuntimeDialog::readsColabsKeys_data()
{
    QTest::addColumn<QByteArray>("metadata");
    QTest::addColumn<int>("accelerator");
    QTest::addColumn<QString>("type");
    QTest::addColumn<bool>("high");

    QTest::newRow("nothing") << QByteArray("{}") << int(Accelerator::Unsaid) << QString() << false;
    QTest::newRow("as Colab writes it")
        << QByteArray(R"({"accelerator":"GPU","colab":{"gpuType":"A100","machine_shape":"hm"}})")
        << int(Accelerator::Gpu) << QStringLiteral("A100") << true;
    QTest::newRow("a GPU of any type")
        << QByteArray(R"({"accelerator":"GPU"})") << int(Accelerator::Gpu) << QString() << false;
    QTest::newRow("a type left over from earlier")
        << QByteArray(R"({"colab":{"gpuType":"T4"}})") << int(Accelerator::Unsaid) << QString()
        << false;
    QTest::newRow("TPU") << QByteArray(R"({"accelerator":"TPU","colab":{"gpuType":"V28"}})")
                         << int(Accelerator::Tpu) << QString() << false;
    QTest::newRow("CPU") << QByteArray(R"({"accelerator":"CPU"})") << int(Accelerator::None)
                         << QString() << false;
    QTest::newRow("other types of JSON")
        << QByteArray(R"({"accelerator":["GPU"],"colab":[],"gpuType":1,"machine_shape":"hm"})")
        << int(Accelerator::Unsaid) << QString() << false;
}

void TestRuntimeDialog::readsColabsKeys()
{
    QFETCH(QByteArray, metadata);
    QFETCH(int, accelerator);
    QFETCH(QString, type);
    QFETCH(bool, high);

    const RuntimeWish wish = runtimeWishOf(JsonText(metadata));

    QCOMPARE(int(wish.accelerator), accelerator);
    QCOMPARE(wish.gpuType, type);
    QCOMPARE(wish.highMemory, high);
}

void TestRuntimeDialog::writesColabsKeys()
{
    NotebookDocument document;
    document.setMetadata({{"colab", {{"provenance", json::array()}}}, {"other", 1.0}});
    setRuntimeWish(document, {Accelerator::Gpu, QStringLiteral("T4"), true});

    auto metadata = document.metadata().toJson();
    QCOMPARE(metadata.value("accelerator", ""), "GPU");
    QCOMPARE(metadata["colab"].value("gpuType", ""), "T4");
    QCOMPARE(metadata["colab"].value("machine_shape", ""), "hm");
    QVERIFY(metadata["colab"].contains("provenance") && metadata.contains("other"));

    setRuntimeWish(document, {Accelerator::None, {}, false});
    metadata = document.metadata().toJson();
    QCOMPARE(metadata.value("accelerator", ""), "None");
    QVERIFY(!metadata["colab"].contains("gpuType") && !metadata["colab"].contains("machine_shape"));
    QVERIFY(runtimeWishOf(document.metadata()).accelerator == Accelerator::None);

    const JsonText before = document.metadata();
    setRuntimeWish(document, runtimeWishOf(before));
    QVERIFY(document.metadata() == before);
}

void TestRuntimeDialog::typesOfGpus_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("type");
    QTest::newRow("H100") << QStringLiteral("NVIDIA H100 80GB HBM3") << QStringLiteral("H100");
    QTest::newRow("A100") << QStringLiteral("NVIDIA A100-SXM4-40GB") << QStringLiteral("A100");
    QTest::newRow("T4") << QStringLiteral("Tesla T4") << QStringLiteral("T4");
    QTest::newRow("V100") << QStringLiteral("Tesla V100-SXM2-16GB") << QStringLiteral("V100");
    QTest::newRow("L4") << QStringLiteral("NVIDIA L4") << QStringLiteral("L4");
    QTest::newRow("G4") << QStringLiteral("NVIDIA RTX PRO 6000 Blackwell Server Edition")
                        << QStringLiteral("G4");
    QTest::newRow("at home") << QStringLiteral("NVIDIA GeForce RTX 4090")
                             << QStringLiteral("RTX 4090");
}

void TestRuntimeDialog::typesOfGpus()
{
    QFETCH(QString, name);
    QFETCH(QString, type);
    QCOMPARE(gpuTypeOf(name), type);
}

void TestRuntimeDialog::saysWhatIsLacking_data()
{
    QTest::addColumn<QString>("said");
    QTest::addColumn<QString>("expected");
    const QString box = QStringLiteral("gpu-box");
    const auto says = [&box](const RuntimeWish &wish, const QStringList &gpus) {
        return shortfall(wish, offerOf(gpus, 24 * gib), box);
    };
    const QStringList t4{QStringLiteral("Tesla T4"), QStringLiteral("Tesla T4")};
    QTest::newRow("nothing asked") << says({}, {}) << QString();
    QTest::newRow("there") << says({Accelerator::Gpu, QStringLiteral("T4"), false}, t4)
                           << QString();
    QTest::newRow("another type") << says({Accelerator::Gpu, QStringLiteral("A100"), false}, t4)
                                  << QStringLiteral(
                                         "This notebook asks for a GPU (A100). gpu-box has: T4.");
    QTest::newRow("no GPU") << says({Accelerator::Gpu, {}, false}, {})
                            << QStringLiteral("This notebook asks for a GPU. There is no GPU on "
                                              "gpu-box: no NVIDIA driver is loaded.");
    QTest::newRow("TPU") << says({Accelerator::Tpu, {}, false}, t4)
                         << QStringLiteral(
                                "This notebook asks for a TPU. Farcell has none to give.");
    QTest::newRow("memory") << says({Accelerator::None, {}, true}, t4)
                            << QStringLiteral(
                                   "This notebook asks for a machine with high RAM (51 GB at "
                                   "Colab). gpu-box has 24.0 GiB.");
}

void TestRuntimeDialog::saysWhatIsLacking()
{
    QFETCH(QString, said);
    QFETCH(QString, expected);
    QCOMPARE(said, expected);
}

void TestRuntimeDialog::aChosenGpuIsTheOnlyOneSeen()
{
    start(2);
    NotebookView *view = open("{}", {showGpus});
    QVERIFY(view);
    QVERIFY(runAndWait(*view, 0));
    QCOMPARE(textOf(*view, 0), QStringLiteral("None\n"));
    const KernelId before = view->kernel().connection()->kernelId();

    RuntimeTypeDialog *dialog = openDialog();
    QVERIFY(dialog);
    QVERIFY(!dialog->choice().startsKernel);
    QTest::mouseClick(part<QRadioButton>(dialog, "acceleratorChosen"), Qt::LeftButton, {},
                      QPoint(10, 10));
    auto *picker = part<GpuPicker>(dialog, "gpuPicker");
    QTRY_VERIFY(picker->isVisible());
    QCOMPARE(picker->topLevelItemCount(), 2);
    picker->topLevelItem(0)->setCheckState(0, Qt::Unchecked);
    QVERIFY(!part<QPushButton>(dialog, "saveRuntimeType")->isEnabled()); // none chosen
    picker->topLevelItem(1)->setCheckState(0, Qt::Checked);
    QVERIFY(part<QLabel>(dialog, "restartWarning")->isVisible());
    QVERIFY(saves(dialog));

    QTRY_VERIFY_WITH_TIMEOUT(view->kernel().connection() &&
                                 view->kernel().connection()->kernelId() != before &&
                                 view->kernel().state() == KernelLink::State::Connected,
                             patience);
    QVERIFY(runAndWait(*view, 0));
    QCOMPARE(textOf(*view, 0), QStringLiteral("'GPU-00000000-0000-0000-0000-000000000001'\n"));
    const RuntimeWish wish = runtimeWishOf(view->document().metadata());
    QVERIFY(wish.accelerator == Accelerator::Gpu);
    QCOMPARE(wish.gpuType, QStringLiteral("H100"));
    const json kernels = m_server->json("GET", "/api/kernels");
    QCOMPARE(kernels.size(), std::size_t(1)); // the old one is gone

    // The dialog knows it again.
    dialog = openDialog();
    QVERIFY(dialog);
    QVERIFY(part<QRadioButton>(dialog, "acceleratorChosen")->isChecked());
    QCOMPARE(part<GpuPicker>(dialog, "gpuPicker")->chosen(),
             QStringList{QStringLiteral("GPU-00000000-0000-0000-0000-000000000001")});
    QVERIFY(!dialog->choice().startsKernel);
}

void TestRuntimeDialog::twoKernelsOnOneGpuAreShown()
{
    start(2);
    NotebookView *view = open("{}", {showGpus});
    QVERIFY(view);
    QVERIFY(runAndWait(*view, 0));
    const json other =
        m_server->json("POST", "/api/sessions",
                       R"({"path": "other.ipynb", "name": "other.ipynb", "type": "notebook",)"
                       R"("kernel": {"name": "python3", "farcell": {"gpus":)"
                       R"(["GPU-00000000-0000-0000-0000-000000000000"]}}})");
    QVERIFY2(other.contains("kernel"), other.dump().c_str());

    RuntimeTypeDialog *dialog = openDialog();
    QVERIFY(dialog);
    const auto *picker = part<GpuPicker>(dialog, "gpuPicker");
    QTRY_VERIFY2_WITH_TIMEOUT(picker->topLevelItem(0)->text(0).contains(
                                  QStringLiteral("seen by 2 kernels: this notebook, other.ipynb")),
                              qPrintable(picker->topLevelItem(0)->text(0)), patience);
    QVERIFY(picker->topLevelItem(1)->text(0).contains(
        QStringLiteral("seen by 1 kernel: this notebook")));
    QVERIFY(picker->topLevelItem(0)->text(0).contains(QStringLiteral("68.0 GiB of 80.0 GiB free")));
}

void TestRuntimeDialog::noneHidesTheGpusAndIsRemembered()
{
    start(2);
    NotebookView *view = open("{}", {showGpus});
    QVERIFY(view);
    RuntimeTypeDialog *dialog = openDialog();
    QVERIFY(dialog);
    QTest::mouseClick(part<QRadioButton>(dialog, "acceleratorNone"), Qt::LeftButton, {},
                      QPoint(10, 10));
    QVERIFY(!dialog->choice().startsKernel); // there is none yet
    QVERIFY(saves(dialog));
    QVERIFY(view->kernel().state() == KernelLink::State::Disconnected);
    QVERIFY(runAndWait(*view, 0));
    QCOMPARE(textOf(*view, 0), QStringLiteral("''\n"));
    view->save();
    const QString path = m_server->root() + QStringLiteral("/n.ipynb");
    QTRY_VERIFY_WITH_TIMEOUT(WindowFixture::read(path).contains(R"("accelerator": "None")"),
                             patience);

    // Another computer, and a new kernel: the file says so.
    view->kernel().shutdown();
    QTRY_COMPARE_WITH_TIMEOUT(m_server->json("GET", "/api/kernels").size(), std::size_t(0),
                              patience);
    m_app->useComputer(QStringLiteral("two"));
    m_app->makeWindow();
    m_app->connectTo(m_server->port());
    m_app->window().openOnRuntime(m_app->runtimes().preferred(), QStringLiteral("n.ipynb"));
    QTRY_VERIFY_WITH_TIMEOUT(m_app->window().usableNotebook(), patience);
    view = m_app->window().usableNotebook();
    QVERIFY(runAndWait(*view, 0));
    QCOMPARE(textOf(*view, 0), QStringLiteral("''\n"));
}

void TestRuntimeDialog::limitsThatAreNotPermittedAreSaid()
{
    start(1);
    const json offer = m_server->json("GET", "/api/farcell/runtime");
    QVERIFY(open("{}", {"1"}));
    RuntimeTypeDialog *dialog = openDialog();
    QVERIFY(dialog);
    const bool permitted = offer.value("can_limit", false);

    QCOMPARE(part<QCheckBox>(dialog, "limitsMemory")->isEnabled(), permitted);
    QCOMPARE(part<QCheckBox>(dialog, "limitsCpu")->isEnabled(), permitted);
    const auto *note = part<QLabel>(dialog, "limitNote");
    QCOMPARE(note->isVisible(), !permitted);
    if (!permitted)
        QVERIFY2(note->text().contains(QString::fromStdString(offer.value("limit_reason", "?"))),
                 qPrintable(note->text()));
}

void TestRuntimeDialog::aMachineWithoutGpuIsToldOf()
{
    start(0);
    NotebookView *view =
        open(R"({"accelerator": "GPU", "colab": {"gpuType": "T4"}})", {"print(1)"});
    QVERIFY(view);
    QVERIFY(runAndWait(*view, 0));
    QTRY_VERIFY2_WITH_TIMEOUT(view->infoBar().message().startsWith(QStringLiteral(
                                  "This notebook asks for a GPU (T4). There is no GPU on gpu-box")),
                              qPrintable(view->infoBar().message()), patience);

    RuntimeTypeDialog *dialog = openDialog();
    QVERIFY(dialog);
    QVERIFY(part<QLabel>(dialog, "notice")->text().contains(QStringLiteral("asks for a GPU (T4)")));
    QVERIFY(!part<QRadioButton>(dialog, "acceleratorChosen")->isVisible());
    QVERIFY(
        part<QLabel>(dialog, "gpuNote")->text().startsWith(QStringLiteral("There is no GPU on")));
    // Looking and saving keeps what the file asks for.
    const JsonText before = view->document().metadata();
    QVERIFY(saves(dialog));
    QVERIFY(view->document().metadata() == before);
}

void TestRuntimeDialog::aPlainJupyterServerIsSaidToBeOne()
{
    if (!test::JupyterServer::isInstalled())
        QSKIP("no jupyter-server");
    test::JupyterServer jupyter;
    QVERIFY(jupyter.waitUntilReady());
    m_app = std::make_unique<WindowFixture>();
    m_app->makeWindow();
    m_app->runtimes().setPreferred(
        m_app->runtimes().remote(jupyter.endpoint(), QStringLiteral("lab")));
    WindowFixture::write(jupyter.root() + QStringLiteral("/n.ipynb"),
                         WindowFixture::notebook({"print(1)"})
                             .replace("\"metadata\": {},\n \"nbformat\"",
                                      "\"metadata\": {\"accelerator\": \"GPU\"},\n \"nbformat\""));
    m_app->window().openOnRuntime(m_app->runtimes().preferred(), QStringLiteral("n.ipynb"));
    QTRY_VERIFY_WITH_TIMEOUT(m_app->window().usableNotebook(), patience);
    NotebookView *view = m_app->window().usableNotebook();
    QVERIFY(runAndWait(*view, 0));
    QTRY_VERIFY2_WITH_TIMEOUT(view->infoBar().message().contains(QStringLiteral(
                                  "lab does not tell which GPUs it has, nor lets them be chosen")),
                              qPrintable(view->infoBar().message()), patience);

    RuntimeTypeDialog *dialog = openDialog();
    QVERIFY(dialog);
    QVERIFY(part<QComboBox>(dialog, "environments")->count() > 0);
    QVERIFY(!part<QCheckBox>(dialog, "limitsMemory")->isEnabled());
    QVERIFY(part<QLabel>(dialog, "limitNote")->text().contains(QStringLiteral("takes no limits")));
    QTest::mouseClick(part<QRadioButton>(dialog, "acceleratorNone"), Qt::LeftButton, {},
                      QPoint(10, 10));
    QVERIFY(!dialog->choice().startsKernel); // the server would not see a difference
    QVERIFY(saves(dialog));
    QVERIFY(runtimeWishOf(view->document().metadata()).accelerator == Accelerator::None);
}

} // namespace farcell

QTEST_MAIN(farcell::TestRuntimeDialog)
#include "tst_runtimedialog.moc"
