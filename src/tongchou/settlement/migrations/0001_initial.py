"""First tables of the room."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('registry', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='FeeLine',
            fields=[
                ('pk', models.CompositePrimaryKey('fee_month', 'encounter_id', 'line_no', blank=True, editable=False, primary_key=True, serialize=False)),
                ('fee_month', models.DateField(verbose_name='费用分区月')),
                ('encounter_id', models.BigIntegerField(verbose_name='就诊编号')),
                ('line_no', models.BigIntegerField(verbose_name='费用明细流水号')),
                ('batch', models.CharField(blank=True, max_length=30, verbose_name='收费批次号')),
                ('occurred_at', models.DateTimeField(verbose_name='费用发生时间')),
                ('item_code', models.CharField(max_length=50, verbose_name='医疗目录编码')),
                ('local_code', models.CharField(max_length=150, verbose_name='机构目录编码')),
                ('item_class', models.CharField(max_length=3, verbose_name='收费项目等级')),
                ('charge_type', models.CharField(max_length=6, verbose_name='收费项目类别')),
                ('quantity', models.BigIntegerField(verbose_name='数量(万分之一)')),
                ('unit_price', models.BigIntegerField(verbose_name='单价(百万分之一元)')),
                ('amount', models.BigIntegerField(verbose_name='金额(分)')),
                ('price_limit', models.BigIntegerField(null=True, verbose_name='限价(百万分之一元)')),
                ('prior_self_pay_ratio', models.IntegerField(default=0, verbose_name='先行自付比例(万分之)')),
                ('out_of_scope', models.BigIntegerField(verbose_name='全自费(分)')),
                ('over_limit', models.BigIntegerField(verbose_name='超限价自付(分)')),
                ('prior_self_pay', models.BigIntegerField(verbose_name='先行自付(分)')),
                ('in_scope', models.BigIntegerField(verbose_name='符合范围(分)')),
                ('original_line_no', models.BigIntegerField(null=True, verbose_name='原费用流水号')),
                ('settlement_id', models.BigIntegerField(null=True, verbose_name='结算编号')),
                ('details', models.JSONField(null=True, verbose_name='其他明细项')),
            ],
            options={
                'verbose_name': '费用明细',
                'verbose_name_plural': '费用明细',
                'db_table': 'settlement_feeline',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='PolicyPackage',
            fields=[
                ('hash', models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name='政策包哈希')),
                ('title', models.CharField(max_length=300, verbose_name='名称')),
                ('content', models.TextField(verbose_name='政策包全文')),
                ('stored_at', models.DateTimeField(verbose_name='存入时间')),
            ],
            options={
                'verbose_name': '政策包存档',
                'verbose_name_plural': '政策包存档',
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('pk', models.CompositePrimaryKey('institution_code', 'message_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('institution_code', models.CharField(max_length=12, verbose_name='定点机构编号')),
                ('message_id', models.CharField(max_length=30, verbose_name='报文编号')),
                ('transaction', models.CharField(max_length=6, verbose_name='交易编号')),
                ('body_hash', models.BinaryField(verbose_name='报文摘要')),
                ('answer', models.BinaryField(verbose_name='应答报文')),
                ('subject', models.BigIntegerField(default=0, verbose_name='业务编号')),
                ('received_at', models.DateTimeField(verbose_name='受理时间')),
                ('undone_by', models.CharField(blank=True, max_length=30, verbose_name='冲正报文编号')),
            ],
            options={
                'verbose_name': '报文受理',
                'verbose_name_plural': '报文受理',
            },
        ),
        migrations.CreateModel(
            name='Accumulators',
            fields=[
                ('pk', models.CompositePrimaryKey('person', 'scheme', 'period', blank=True, editable=False, primary_key=True, serialize=False)),
                ('scheme', models.CharField(max_length=6, verbose_name='险种')),
                ('period', models.CharField(max_length=10, verbose_name='累计期间')),
                ('values', models.JSONField(default=dict, verbose_name='累计值')),
                ('version', models.BigIntegerField(default=0, verbose_name='版本')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='registry.person', verbose_name='参保人员')),
            ],
            options={
                'verbose_name': '个人累计',
                'verbose_name_plural': '个人累计',
            },
        ),
        migrations.CreateModel(
            name='Encounter',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='就诊编号')),
                ('area', models.CharField(max_length=6, verbose_name='统筹区')),
                ('institution_code', models.CharField(max_length=12, verbose_name='定点机构编号')),
                ('scheme', models.CharField(max_length=6, verbose_name='险种')),
                ('med_type', models.CharField(max_length=6, verbose_name='医疗类别')),
                ('visit_no', models.CharField(blank=True, max_length=30, verbose_name='住院/门诊号')),
                ('status', models.CharField(choices=[('open', '就诊中'), ('discharged', '已出院'), ('settled', '已结算'), ('cancelled', '已撤销')], default='open', max_length=12, verbose_name='状态')),
                ('begin_at', models.DateTimeField(verbose_name='开始时间')),
                ('end_at', models.DateTimeField(blank=True, null=True, verbose_name='结束时间')),
                ('disease_code', models.CharField(blank=True, max_length=30, verbose_name='病种编码')),
                ('disease_name', models.CharField(blank=True, max_length=500, verbose_name='病种名称')),
                ('diagnosis_code', models.CharField(blank=True, max_length=30, verbose_name='主诊断编码')),
                ('diagnosis_name', models.CharField(blank=True, max_length=300, verbose_name='主诊断名称')),
                ('department', models.CharField(blank=True, max_length=100, verbose_name='科室名称')),
                ('doctor', models.CharField(blank=True, max_length=50, verbose_name='医师姓名')),
                ('details', models.JSONField(blank=True, default=dict, verbose_name='其他登记项')),
                ('fee_month', models.DateField(help_text='开始时间所在月的一日;费用明细按它分区', verbose_name='费用分区月')),
                ('created_at', models.DateTimeField(verbose_name='登记时间')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='registry.person', verbose_name='参保人员')),
            ],
            options={
                'verbose_name': '就诊',
                'verbose_name_plural': '就诊',
            },
        ),
        migrations.CreateModel(
            name='EncounterDiagnosis',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phase', models.CharField(help_text='0 门诊,1 入院,2 出院', max_length=1, verbose_name='出入院诊断类别')),
                ('order', models.SmallIntegerField(verbose_name='诊断排序号')),
                ('kind', models.CharField(max_length=3, verbose_name='诊断类别')),
                ('code', models.CharField(max_length=20, verbose_name='诊断代码')),
                ('name', models.CharField(max_length=300, verbose_name='诊断名称')),
                ('main', models.BooleanField(default=False, verbose_name='主诊断标志')),
                ('department', models.CharField(blank=True, max_length=50, verbose_name='诊断科室')),
                ('doctor', models.CharField(blank=True, max_length=50, verbose_name='诊断医师')),
                ('diagnosed_at', models.DateTimeField(blank=True, null=True, verbose_name='诊断时间')),
                ('encounter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='settlement.encounter', verbose_name='就诊')),
            ],
            options={
                'verbose_name': '就诊诊断',
                'verbose_name_plural': '就诊诊断',
            },
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('institution_code', models.CharField(max_length=12, verbose_name='定点机构编号')),
                ('transaction', models.CharField(max_length=6, verbose_name='交易编号')),
                ('scheme', models.CharField(blank=True, max_length=6, verbose_name='险种')),
                ('clearing_type', models.CharField(blank=True, max_length=6, verbose_name='清算类别')),
                ('begin_date', models.DateField(verbose_name='开始日期')),
                ('end_date', models.DateField(verbose_name='结束日期')),
                ('claimed', models.JSONField(verbose_name='机构数据')),
                ('own', models.JSONField(verbose_name='中心数据')),
                ('equal', models.BooleanField(verbose_name='对账结果平')),
                ('created_at', models.DateTimeField(verbose_name='对账时间')),
            ],
            options={
                'verbose_name': '对账记录',
                'verbose_name_plural': '对账记录',
                'indexes': [models.Index(fields=['institution_code', '-created_at'], name='reconciliation_institution')],
            },
        ),
        migrations.CreateModel(
            name='Settlement',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='结算编号')),
                ('area', models.CharField(max_length=6, verbose_name='统筹区')),
                ('institution_code', models.CharField(max_length=12, verbose_name='定点机构编号')),
                ('scheme', models.CharField(max_length=6, verbose_name='险种')),
                ('person_type', models.CharField(max_length=6, verbose_name='人员类别')),
                ('med_type', models.CharField(max_length=6, verbose_name='医疗类别')),
                ('clearing_type', models.CharField(max_length=6, verbose_name='清算类别')),
                ('clearing_way', models.CharField(default='1', max_length=6, verbose_name='清算方式')),
                ('direction', models.SmallIntegerField(default=1, verbose_name='方向')),
                ('message_id', models.CharField(max_length=30, verbose_name='报文编号')),
                ('batch', models.CharField(blank=True, max_length=30, verbose_name='收费批次号')),
                ('invoice_no', models.CharField(blank=True, max_length=20, verbose_name='发票号')),
                ('account_used', models.CharField(default='0', max_length=1, verbose_name='个人账户使用标志')),
                ('settled_at', models.DateTimeField(verbose_name='结算时间')),
                ('business_date', models.DateField(verbose_name='业务日期')),
                ('benefit_year', models.CharField(max_length=4, verbose_name='待遇年度')),
                ('benefit', models.CharField(max_length=40, verbose_name='待遇')),
                ('total', models.BigIntegerField(verbose_name='医疗费总额(分)')),
                ('out_of_scope', models.BigIntegerField(verbose_name='全自费(分)')),
                ('over_limit', models.BigIntegerField(verbose_name='超限价自付(分)')),
                ('prior_self_pay', models.BigIntegerField(verbose_name='先行自付(分)')),
                ('in_scope', models.BigIntegerField(verbose_name='符合范围(分)')),
                ('deductible', models.BigIntegerField(verbose_name='实际起付线(分)')),
                ('pool_ratio', models.IntegerField(default=0, verbose_name='统筹支付比例(万分之)')),
                ('fund_pay', models.BigIntegerField(verbose_name='基金支付总额(分)')),
                ('account_pay', models.BigIntegerField(verbose_name='个人账户支付(分)')),
                ('cash_pay', models.BigIntegerField(verbose_name='个人现金支付(分)')),
                ('account_balance', models.BigIntegerField(default=0, verbose_name='结算后账户余额(分)')),
                ('package', models.CharField(max_length=64, verbose_name='政策包哈希')),
                ('plan', models.CharField(max_length=200, verbose_name='政策方案')),
                ('facts', models.JSONField(verbose_name='依据事实')),
                ('accumulators_before', models.JSONField(verbose_name='结算前累计')),
                ('accumulator_delta', models.JSONField(verbose_name='累计变动')),
                ('values', models.JSONField(verbose_name='步骤数值')),
                ('encounter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='settlement.encounter', verbose_name='就诊')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='registry.person', verbose_name='参保人员')),
                ('reversal_of', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, to='settlement.settlement', verbose_name='被撤销结算')),
            ],
            options={
                'verbose_name': '结算',
                'verbose_name_plural': '结算',
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('pk', models.CompositePrimaryKey('settlement', 'line', blank=True, editable=False, primary_key=True, serialize=False)),
                ('line', models.SmallIntegerField(verbose_name='序号')),
                ('layer', models.CharField(max_length=40, verbose_name='待遇层')),
                ('fund', models.CharField(max_length=6, verbose_name='基金支付类型')),
                ('base', models.BigIntegerField(default=0, verbose_name='计算基数(分)')),
                ('amount', models.BigIntegerField(verbose_name='支付金额(分)')),
                ('settlement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='settlement.settlement', verbose_name='结算')),
            ],
            options={
                'verbose_name': '基金支付',
                'verbose_name_plural': '基金支付',
            },
        ),
        migrations.AddIndex(
            model_name='encounter',
            index=models.Index(fields=['person', '-begin_at'], name='encounter_person'),
        ),
        migrations.AddIndex(
            model_name='encounter',
            index=models.Index(fields=['institution_code', '-begin_at'], name='encounter_institution'),
        ),
        migrations.AddConstraint(
            model_name='encounterdiagnosis',
            constraint=models.UniqueConstraint(fields=('encounter', 'phase', 'kind', 'order'), name='encounter_diagnosis_unique'),
        ),
        migrations.AddIndex(
            model_name='settlement',
            index=models.Index(fields=['person', '-settled_at'], name='settlement_person'),
        ),
        migrations.AddIndex(
            model_name='settlement',
            index=models.Index(fields=['institution_code', 'settled_at'], name='settlement_institution'),
        ),
        migrations.AddIndex(
            model_name='settlement',
            index=models.Index(fields=['area', 'business_date'], name='settlement_area_day'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('total', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('out_of_scope'), '+', models.F('over_limit')), '+', models.F('prior_self_pay')), '+', models.F('in_scope')))), name='settlement_lines_sum'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('total', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('fund_pay'), '+', models.F('account_pay')), '+', models.F('cash_pay')))), name='settlement_payers_sum'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('direction', 1), ('reversal_of__isnull', True)), models.Q(('direction', -1), ('reversal_of__isnull', False)), _connector='OR'), name='settlement_direction'),
        ),
    ]
